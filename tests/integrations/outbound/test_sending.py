"""From the timeline to the receiver: in order, again until it works, never for nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from alerts import actions as alert_actions
from alerts.actions import Move
from alerts.states import Verb
from groups.models import Group
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import actions, owners, queue, sender
from integrations.outbound.delivery import LONGEST
from tests import builders
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import connect, forward, is_genuine, opened, states

pytestmark = pytest.mark.django_db


def move(verb: Verb, alert_id: int, actor: User | None, clock: Clock, **more: Any) -> None:
    alert_actions.apply(verb, alert_id, Move(actor=actor, now=clock.now(), **more))


def events(receiver: WebhookDouble) -> list[str]:
    return [request.json["event"] for request in receiver.requests]


def test_a_receiver_hears_an_alert_s_life_in_order(
    receiver: WebhookDouble, payments: Group, alice: User, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    alert = opened(payments, "Disk full", description="4 GB left")
    move(Verb.NOTE, alert.pk, alice, clock, note="I look at it <now>")
    move(Verb.ACKNOWLEDGE, alert.pk, alice, clock)
    move(Verb.RESOLVE, alert.pk, alice, clock)
    sender.run_once(clock.now())
    assert events(receiver) == ["opened", "noted", "acknowledged", "resolved"]
    first, noted, acknowledged, last = (request.json for request in receiver.requests)
    assert first["alert"]["title"] == "Disk full"
    assert first["alert"]["group"] == "Payments"
    assert first["alert"]["status"] == "triggered"
    assert (noted["note"], noted["who"]) == ("I look at it <now>", "Alice")
    assert noted["words"] == "Alice wrote."
    assert acknowledged["words"] == "Alice acknowledged. Nobody else is paged."
    assert last["alert"]["status"] == "resolved"
    assert states(link) == ["sent"] * 4


def test_nothing_is_told_twice_and_nothing_of_before(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    opened(payments, "Before")
    connect(receiver.base_url)
    opened(payments, "After")
    for _ in range(3):
        sender.run_once(clock.now())
    assert [request.json["alert"]["title"] for request in receiver.requests] == ["After"]


def test_a_connection_hears_only_what_it_asked_for(
    receiver: WebhookDouble, payments: Group, alice: User, clock: Clock
) -> None:
    other = builders.group("Search", primary=(alice,))
    connect(receiver.base_url, group=payments, events=["resolved"])
    for group in (payments, other):
        move(Verb.RESOLVE, opened(group, group.name).pk, alice, clock)
    sender.run_once(clock.now())
    assert [r.json["alert"]["title"] for r in receiver.requests] == ["Payments"]


def test_the_signature_is_what_a_receiver_checks(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    opened(payments)
    sender.run_once(clock.now())
    request = receiver.requests[0]
    at = clock.now().timestamp()
    assert is_genuine(request, link.secret, now=at)
    assert not is_genuine(request, "whsec_other", now=at)
    assert not is_genuine(request, link.secret, now=at + 301)
    request.body += b" "
    assert not is_genuine(request, link.secret, now=at)


def test_while_a_secret_is_replaced_both_sign(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    old = link.secret
    new = actions.rotate_secret(link, grace=timedelta(days=1), actor=None, now=clock.now())
    opened(payments)
    forward(clock, minutes=1)
    at = clock.now().timestamp()
    assert is_genuine(receiver.requests[0], old, now=at)
    assert is_genuine(receiver.requests[0], new, now=at)
    forward(clock, days=1)
    opened(payments, "Later")
    sender.run_once(clock.now())
    at = clock.now().timestamp()
    assert not is_genuine(receiver.requests[1], old, now=at)
    assert is_genuine(receiver.requests[1], new, now=at)


def test_what_fails_is_sent_again_with_the_same_id(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    receiver.fails = 3
    link = connect(receiver.base_url)
    opened(payments)
    forward(clock, minutes=5)
    ids = {request.headers["x-alertops-webhook-id"] for request in receiver.requests}
    assert len(receiver.requests) == 4
    assert len(ids) == 1
    assert states(link) == ["sent"]
    link.refresh_from_db()
    assert (link.failures, link.rest_until) == (0, None)


def test_the_next_news_of_an_alert_waits_for_the_one_before(
    receiver: WebhookDouble, payments: Group, alice: User, clock: Clock
) -> None:
    receiver.fails = 4
    connect(receiver.base_url)
    one = opened(payments, "One")
    move(Verb.ACKNOWLEDGE, one.pk, alice, clock)
    move(Verb.RESOLVE, one.pk, alice, clock)
    forward(clock, minutes=10)
    assert events(receiver) == ["opened"] * 5 + ["acknowledged", "resolved"]


def test_after_two_days_a_message_is_given_up(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    receiver.status = 503
    link = connect(receiver.base_url)
    opened(payments)
    forward(clock, hours=47, minutes=59)
    assert states(link) == ["queued"]
    assert 45 < len(receiver.requests) < 80
    forward(clock, hours=1)
    assert states(link) == ["failed"]
    count = len(receiver.requests)
    forward(clock, hours=10)
    assert len(receiver.requests) == count


def test_what_a_receiver_will_never_take_is_given_up_at_once(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    receiver.status, receiver.body = 400, b"no " * 1000
    link = connect(receiver.base_url)
    opened(payments)
    forward(clock, hours=1)
    assert len(receiver.requests) == 1
    message = OutboundMessage.objects.get(connection=link)
    attempt = message.tries.get()
    assert (message.state, attempt.status, attempt.error) == ("failed", 400, "It answered 400.")
    assert len(attempt.answer) == 1024


@pytest.mark.parametrize("said", ["900", "Mon, 02 Mar 2026 03:15:00 GMT"])
def test_too_fast_is_no_refusal_and_the_wait_asked_for_is_kept(
    payments: Group, clock: Clock, receiver: WebhookDouble, said: str
) -> None:
    receiver.status = 429
    receiver.headers = {"Retry-After": said, "Date": "Mon, 02 Mar 2026 03:00:00 GMT"}
    link = connect(receiver.base_url)
    opened(payments)
    sender.run_once(clock.now())
    receiver.status = 200
    opened(payments, "Another")
    forward(clock, minutes=14, seconds=59)
    assert len(receiver.requests) == 1
    forward(clock, seconds=2)
    assert len(receiver.requests) == 3
    assert states(link) == ["sent", "sent"]


def test_three_in_a_row_given_up_switch_it_off_for_a_day_and_owners_hear(
    receiver: WebhookDouble, payments: Group, dana: User, clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    receiver.status = 404
    link = connect(receiver.base_url, actor=dana)
    for number in range(5):
        opened(payments, f"Alert {number}")
        sender.run_once(clock.now())
    assert len(receiver.requests) == 3
    link.refresh_from_db()
    assert link.off_until == clock.now() + timedelta(hours=24)
    assert owners.owners(link) == [dana]
    assert owners.tell(clock.now()) == 1
    assert owners.tell(clock.now()) == 0
    receiver.status = 200
    forward(clock, hours=23, minutes=59)
    assert len(receiver.requests) == 3
    forward(clock, minutes=2)
    assert len(receiver.requests) == 5
    assert states(link) == ["failed"] * 3 + ["sent"] * 2


def test_switching_on_by_hand_sends_what_waits(
    receiver: WebhookDouble, payments: Group, dana: User, clock: Clock
) -> None:
    receiver.status = 404
    link = connect(receiver.base_url)
    for number in range(6):
        opened(payments, f"Alert {number}")
    sender.run_once(clock.now())
    receiver.status = 200
    actions.switch_on(link, actor=dana, now=clock.now())
    sender.run_once(clock.now())
    assert states(link) == ["failed"] * 4 + ["sent"] * 2


def test_a_redirect_is_not_followed(receiver: WebhookDouble, payments: Group, clock: Clock) -> None:
    receiver.status = 302
    link = connect(receiver.base_url)
    opened(payments)
    sender.run_once(clock.now())
    assert states(link) == ["failed"]
    error = OutboundMessage.objects.get().tries.get().error
    assert error == "It answered 302; redirects are not followed."


def test_what_is_too_long_leaves_its_details_at_home(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    connect(receiver.base_url)
    alert = opened(payments, description="ä" * 30_000)
    alert.details = {"log": "x" * 60_000}
    alert.save(update_fields=["details"])
    sender.run_once(clock.now())
    request = receiver.requests[0]
    assert len(request.body) <= LONGEST
    assert request.json["details_dropped"] is True
    assert request.json["alert"]["details"] == {}


def test_a_worker_that_died_in_the_middle_gives_the_message_back(
    receiver: WebhookDouble, payments: Group, alice: User, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    alert = opened(payments)
    move(Verb.RESOLVE, alert.pk, alice, clock)
    sender.reader.read(clock.now())
    lost = queue.claim({link.pk: 4}, clock.now())
    assert [claimed.news.kind for claimed in lost] == ["opened"]
    assert sender.run_once(clock.now()) == 0  # its lease holds, and the next news waits
    forward(clock, seconds=queue.LEASE.total_seconds() + 1)
    assert events(receiver) == ["opened", "resolved"]
    tries = OutboundMessage.objects.get(kind="opened").tries.all()
    assert [each.error for each in tries] == [queue.CUT_OFF, ""]
    stale = sender.deliver(lost[0], clock.now())
    queue.settle(stale, clock.now())  # the dead one comes back to life: nothing is undone
    assert states(link) == ["sent", "sent"]


def test_a_staging_copy_keeps_its_messages(
    receiver: WebhookDouble, payments: Group, clock: Clock, settings: Settings
) -> None:
    settings.OUTBOX_ONLY = True
    link = connect(receiver.base_url)
    opened(payments)
    sender.run_once(clock.now())
    assert (states(link), receiver.requests) == (["kept"], [])


def test_a_test_message_says_so_and_is_tried_once(
    receiver: WebhookDouble, dana: User, clock: Clock
) -> None:
    receiver.status = 500
    link = connect(receiver.base_url)
    actions.send_test(link, actor=dana, now=clock.now())
    forward(clock, hours=1)
    assert events(receiver) == ["test"]
    assert receiver.requests[0].json["words"] == "Dana sent a test message."
    assert states(link) == ["failed"]
    for _ in range(5):
        actions.send_test(link, actor=dana, now=clock.now() - timedelta(seconds=1))
    with pytest.raises(actions.NotAllowed):
        actions.send_test(link, actor=dana, now=clock.now())


def test_sending_again_sends_exactly_the_same(
    receiver: WebhookDouble, payments: Group, dana: User, clock: Clock
) -> None:
    connect(receiver.base_url)
    alert = opened(payments)
    sender.run_once(clock.now())
    alert.title = "Another title"
    alert.save(update_fields=["title"])
    message = OutboundMessage.objects.get()
    actions.send_again(message, actor=dana, now=clock.now())
    sender.run_once(clock.now())
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["x-alertops-webhook-id"] == second.headers["x-alertops-webhook-id"]


def test_an_unused_house_asks_once(
    clock: Clock, django_assert_num_queries: Any, payments: Group
) -> None:
    opened(payments)
    with django_assert_num_queries(1):
        assert not sender.reader.read(clock.now())
    assert not sender.is_needed()
    assert not OutboundConnection.objects.exists()


def test_reading_costs_the_same_however_much_happened(
    receiver: WebhookDouble, payments: Group, clock: Clock, django_assert_max_num_queries: Any
) -> None:
    connect(receiver.base_url)
    opened(payments, "First")
    sender.reader.read(clock.now())
    counts = []
    for many in (2, 12):
        for number in range(many):
            opened(payments, f"Alert {number}")
        with django_assert_max_num_queries(20) as asked:
            sender.reader.read(clock.now())
        counts.append(len(asked))
    assert counts[0] == counts[1]
