"""A message has one sender at a time: a living one is never overtaken, a dead one soon replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from groups.models import Group
from integrations.models import OutboundAttempt, OutboundConnection, OutboundMessage
from integrations.outbound import queue, sender
from integrations.outbound.delivery import INTERRUPTED, Claimed, deliver
from integrations.outbound.leases import LEASE, REQUEST, Hold
from tests.conftest import Clock
from tests.doubles.jira import EMAIL, TOKEN, JiraDouble
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import connect, opened, states

SECONDS = LEASE.total_seconds()


def claimed_by_somebody(link: OutboundConnection, clock: Clock) -> Claimed:
    sender.reader.read(clock.now())
    [claimed] = queue.claim({link.pk: 4}, clock.now())
    return claimed


@pytest.mark.django_db(transaction=True)
def test_a_slow_sender_that_lives_is_not_overtaken(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    receiver.delay = 4.0
    link = connect(receiver.base_url)
    opened(payments)
    slow, other = sender.Sender(), sender.Sender()
    slow.work(clock.now())
    receiver.wait(1)
    for _ in range(2):  # the lease of the claim is long over, and renewed
        time.sleep(sender.RENEW / 2 + 0.1)
        clock.forward(seconds=SECONDS * 0.6)
        slow.work(clock.now())
        other.work(clock.now())
    slow.close(10.0)
    other.close()
    assert len(receiver.requests) == 1
    assert states(link) == ["sent"]
    assert [attempt.error for attempt in OutboundAttempt.objects.all()] == [""]


@pytest.mark.django_db(transaction=True)
def test_the_messages_of_a_dead_sender_are_sent_when_its_lease_ends(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    opened(payments)
    claimed_by_somebody(link, clock)
    successor = sender.Sender()
    clock.forward(seconds=SECONDS - 0.1)
    successor.work(clock.now())
    assert receiver.requests == []
    clock.forward(seconds=0.2)
    successor.work(clock.now())
    successor.close(5.0)
    assert states(link) == ["sent"]
    message = OutboundMessage.objects.get()
    assert [attempt.error for attempt in message.tries.all()] == [queue.CUT_OFF, ""]


@pytest.mark.django_db
def test_who_has_not_renewed_in_time_begins_no_request(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    opened(payments)
    claimed = claimed_by_somebody(link, clock)
    late = Hold(time.monotonic() - (SECONDS - REQUEST))
    queue.settle(deliver(claimed, clock.now(), late.lasts), clock.now())
    assert receiver.requests == []
    assert states(link) == ["queued"]
    assert OutboundMessage.objects.get().tries.get().error == INTERRUPTED
    link.refresh_from_db()
    assert (link.failures, link.rest_until) == (0, None)  # the receiver is not to blame
    late.extend(time.monotonic())
    assert late.lasts()


@pytest.mark.django_db
def test_what_was_taken_over_is_not_renewed(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    opened(payments)
    frozen = claimed_by_somebody(link, clock)
    clock.forward(seconds=SECONDS + 1)
    [taken] = queue.claim({link.pk: 4}, clock.now())
    both = [(frozen.id, frozen.attempts), (taken.id, taken.attempts)]
    assert queue.renew(both, clock.now()) == {(taken.id, taken.attempts)}
    queue.settle(deliver(taken, clock.now()), clock.now())
    assert queue.renew(both, clock.now()) == set()
    assert states(link) == ["sent"]


@pytest.fixture
def jira() -> Iterator[JiraDouble]:
    with JiraDouble(is_cloud=True) as double:
        yield double


@pytest.mark.django_db
def test_interrupted_between_two_requests_it_opens_no_second_issue(
    jira: JiraDouble, receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    """What takes several requests is looked for first when another run goes on with it."""
    values = {"site": jira.base_url, "email": EMAIL, "token": TOKEN, "project": "OPS"}
    link = connect(jira.base_url, tool="jira", events=["opened"], values=values)
    opened(payments)
    claimed = claimed_by_somebody(link, clock)
    answers = iter([True, False])
    deliver(claimed, clock.now(), lambda: next(answers, False))  # and its result is lost
    clock.forward(seconds=SECONDS + 1)
    sender.run_once(clock.now())
    assert len(jira.issues) == 1
    assert states(link) == ["sent"]
    assert link.links.get().reference == jira.issues[0]["id"]
