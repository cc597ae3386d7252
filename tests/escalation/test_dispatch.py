"""What the outbox does when providers misbehave, senders die and people answer meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.channels import CHANNELS
from accounts.channels.base import TryLater, Undeliverable
from accounts.models import ContactMethod, User
from alertops import clock as the_clock
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Verb
from escalation import dispatch, engine, outbox
from escalation.consequences import settle
from escalation.models import Attempt, Circuit, Notification
from escalation.sending import _later, _refused, send
from tests import builders
from tests.conftest import Clock
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble


def open_alert(*people: User, **fields: Any) -> Alert:
    alert = builders.alert(builders.group(primary=people, **fields))
    engine.tick(the_clock.now())
    return alert


def kinds(alert: Alert) -> list[str]:
    return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))


def test_a_message_that_was_taken_is_accepted_with_the_providers_id(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    clock.look()
    row = Notification.objects.get()
    assert (row.state, row.provider_id) == ("accepted", twilio.messages[0].sid)
    assert row.tries.get().outcome == "accepted"


@pytest.mark.parametrize("fault", ["accept_then_500", "accept_then_reset", "bad_json"])
def test_an_unclear_send_is_looked_up_and_adopted_not_sent_again(
    alice: User, twilio: TwilioDouble, clock: Clock, fault: str
) -> None:
    twilio.knobs.turn(**{fault: 1.0})
    open_alert(alice)
    clock.look()
    assert Notification.objects.get().state == "unknown"
    twilio.knobs.turn(**{fault: 0.0})
    clock.forward(seconds=15)
    assert Notification.objects.get().state == "accepted"
    assert len(twilio.messages) == 1


def test_an_unclear_send_the_provider_never_got_is_sent_again(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    twilio.knobs.turn(reset=1.0)
    open_alert(alice)
    clock.look()
    assert not twilio.messages
    twilio.knobs.turn(reset=0.0)
    clock.forward(seconds=16)
    assert Notification.objects.get().state == "accepted"
    assert len(twilio.messages) == 1


def test_too_many_requests_is_retried_and_never_faster_than_asked(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    twilio.knobs.turn(burst_429=1, retry_after=7)
    open_alert(alice)
    clock.look()
    assert not twilio.messages
    clock.forward(seconds=6)
    assert not twilio.messages
    clock.forward(seconds=1)
    assert len(twilio.messages) == 1


def test_a_dead_number_is_disabled_and_the_next_method_is_used_at_once(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    dead = alice.contact_methods.get()
    alive = builders.contact(alice, "voice", rule=False)
    twilio.knobs.turn(refuse={dead.address: 21610})
    alert = open_alert(alice)
    clock.look()
    assert [call.to for call in twilio.calls] == [alive.address]
    assert ContactMethod.objects.get(pk=dead.pk).disabled_at is not None
    assert Kind.PAGE_FAILED in kinds(alert)


def test_what_a_person_would_be_reached_by_later_is_used_now_when_the_first_way_fails(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    builders.contact(alice, "voice", delay=180)
    number = alice.contact_methods.get(kind="sms").address
    twilio.knobs.turn(refuse={number: 21610})
    open_alert(alice)
    clock.look()
    assert len(twilio.calls) == 1
    assert Notification.objects.filter(channel="voice").count() == 1, "and not once more later"


def test_when_nobody_of_a_level_can_be_reached_the_next_level_does_not_wait(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 3600}, {"target": "secondary", "wait_seconds": 3600}
    )
    twilio.knobs.turn(refuse={alice.contact_methods.get().address: 21211})
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    assert [record.to for record in twilio.messages] == [bob.contact_methods.get().address]


def test_a_page_that_fails_when_the_next_level_is_paged_already_hurries_nobody(
    alice: User, bob: User, carol: User, twilio: TwilioDouble, clock: Clock
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 30},
        {"target": "secondary", "wait_seconds": 600},
        {"target": "manager", "wait_seconds": 600},
    )
    twilio.knobs.turn(message_outcome="undelivered")
    builders.alert(
        builders.group(primary=(alice,), secondary=(bob,), manager=(carol,), policy=policy)
    )
    clock.look()
    clock.forward(seconds=30)
    numbers = [user.contact_methods.get().address for user in (alice, bob)]
    assert [record.to for record in twilio.messages] == numbers
    twilio.settle()
    clock.forward(seconds=31)  # no proof of Alice's text: Bob keeps his ten minutes
    assert Notification.objects.get(user=alice).state == "failed"
    assert [record.to for record in twilio.messages] == numbers


def test_a_revoked_account_uses_the_next_method_now_and_keeps_trying(
    alice: User, twilio: TwilioDouble, clock: Clock, smtp: SmtpDouble
) -> None:
    builders.contact(alice, "email", rule=False)
    twilio.knobs.turn(account_error=20003)
    open_alert(alice)
    clock.look()
    assert len(smtp.mails) == 1
    sms = Notification.objects.get(channel="sms")
    assert (sms.state, sms.widened) == ("pending", True)


def test_five_failures_open_the_circuit_and_people_are_reached_otherwise(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    twilio.knobs.turn(accept_rate=0.0, refuse_code=20500)
    open_alert(alice)
    clock.look()
    clock.forward(seconds=60)
    assert Circuit.objects.get(channel="sms").failures >= 1


@pytest.mark.parametrize(("kind", "opens"), [("sms", True), ("webhook", False), ("push", False)])
def test_a_circuit_is_a_providers_and_not_everybodys_own_server(
    alice: User, clock: Clock, kind: str, opens: bool
) -> None:
    alice.contact_methods.all().delete()
    builders.contact(alice, kind, address="https://hooks.example.org/")
    open_alert(alice)
    for _ in range(6):
        [claimed] = outbox.claim(clock.now(), {kind: 1})
        down = _later(CHANNELS[kind], claimed, TryLater("it does not answer"), clock.now())
        settle([down], clock.now())
        clock.set(clock.now() + timedelta(seconds=20))
    assert Circuit.objects.filter(open_until__isnull=False).exists() == opens


def test_within_ten_seconds_of_refusals_the_next_method_is_used_as_well(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    builders.contact(alice, "email", rule=False)
    twilio.knobs.turn(too_many=1.0)
    open_alert(alice)
    clock.forward(seconds=10)
    assert Notification.objects.filter(channel="email").count() == 1
    clock.forward(minutes=2)
    assert Notification.objects.filter(channel="email").count() == 1


def test_what_was_never_delivered_is_followed_by_the_next_method(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    builders.contact(alice, "voice", rule=False)
    twilio.knobs.turn(message_outcome="undelivered")
    alert = open_alert(alice)
    clock.look()
    assert not twilio.calls
    twilio.settle()
    clock.forward(seconds=61)
    assert len(twilio.calls) == 1
    assert Kind.PAGE_FAILED in kinds(alert)


def test_what_cannot_even_be_asked_about_is_followed_by_the_next_method(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    mail = builders.contact(alice, "email", rule=False)
    open_alert(alice)
    clock.look()
    Notification.objects.update(channel="gone")
    clock.forward(minutes=1)
    assert Notification.objects.filter(contact_method=mail).exists()


def test_an_acknowledgement_between_claim_and_send_stops_the_message(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    alert = open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=alice, now=clock.now()))
    sent = send(claimed)
    assert sent.result.state == "cancelled"
    assert not twilio.messages


def test_a_sender_that_died_gives_its_message_back_when_the_lease_ends(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    clock.forward(seconds=14)
    assert not twilio.messages
    clock.forward(seconds=2)
    assert len(twilio.messages) == 1
    assert Attempt.objects.filter(notification=claimed.id).count() == 2


def test_a_sender_that_died_after_sending_causes_no_second_message(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    send(claimed)  # and the process dies before it can write the result
    clock.forward(seconds=16)
    assert len(twilio.messages) == 1
    assert Notification.objects.get().state == "accepted"


def test_a_late_result_of_a_lease_that_was_taken_over_changes_nothing(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    the_clock.forward(timedelta(seconds=16))
    outbox.give_back_expired_leases(clock.now())
    assert not outbox.still_wanted(claimed)
    sent = send(claimed)
    assert sent.result.state == "cancelled"
    assert outbox.write([sent.result]) == {}
    assert Notification.objects.get().state == "unknown"


def test_two_dispatchers_never_hold_the_same_message(alice: User, clock: Clock) -> None:
    open_alert(alice)
    assert len(outbox.claim(clock.now(), {"sms": 5})) == 1
    assert outbox.claim(clock.now(), {"sms": 5}) == []


def test_more_texts_than_the_cap_become_one_summary_and_wait(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    group = builders.group(primary=(alice,))
    for number in range(9):
        builders.alert(group, title=f"Alert {number}")
    clock.look()
    assert len(twilio.messages) == 6
    assert "+3 more alerts are waiting" in twilio.messages[-1].body
    assert Notification.objects.filter(state="pending").count() == 3
    assert AlertEvent.objects.filter(kind=Kind.PAGE_DELAYED).count() == 3


def test_the_first_page_of_a_quiet_person_is_never_held_back(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock
) -> None:
    for number in range(9):
        builders.alert(assignee=alice, title=f"Alert {number}")
    clock.look()
    assert len(twilio.messages) == 6
    builders.alert(assignee=bob)
    clock.look()
    assert len(twilio.messages) == 7


def test_what_is_noisy_in_one_group_hides_nothing_that_begins_in_another(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    noisy, quiet = (builders.group(name, primary=(alice,)) for name in ("Noisy", "Quiet"))
    for number in range(9):
        builders.alert(noisy, title=f"Noise {number}")
    clock.look()
    for number in range(2):
        builders.alert(quiet, title=f"New {number}")
    builders.alert(assignee=alice, title="For Alice herself")
    clock.look()
    texts = [message.body for message in twilio.messages[6:]]
    assert len(texts) == 2
    assert "For Alice herself" in "".join(texts)
    assert "New" in "".join(texts)
    assert sum("+1 more alert is waiting" in text for text in texts) == 1
    clock.forward(minutes=2)
    assert len(twilio.messages) == 8


def test_what_waits_behind_a_cap_does_not_make_another_groups_first_page_wait(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    noisy, quiet = (builders.group(name, primary=(alice,)) for name in ("Noisy", "Quiet"))
    for number in range(60):  # more than are claimed at a time
        builders.alert(noisy, title=f"Noise {number}")
    engine.tick(the_clock.now())
    the_clock.forward(timedelta(seconds=1))
    builders.alert(quiet, title="Something new")
    engine.tick(the_clock.now())
    dispatch.run_once(the_clock.now())
    assert "Something new" in twilio.messages[-1].body
    assert len(twilio.messages) == 7


def test_a_sender_that_was_slow_sends_all_the_same_while_the_page_is_still_its_own(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    claimed.claimed_at -= 14
    sent = send(claimed)
    assert len(twilio.messages) == 1
    clock.set(clock.now() + timedelta(seconds=25))
    assert outbox.give_back_expired_leases(clock.now()) == 0
    settle([sent], clock.now())
    assert Notification.objects.get().state == "accepted"


def test_a_fault_of_our_own_says_nothing_about_the_provider(
    alice: User, twilio: TwilioDouble, clock: Clock, settings: Any
) -> None:
    open_alert(alice)
    settings.SECRET_KEY = ""  # no page can be worded
    clock.forward(minutes=2)
    assert Notification.objects.get().attempts > 5
    assert not Circuit.objects.filter(open_until__isnull=False).exists()


def test_a_result_that_cannot_be_stored_does_not_take_the_others_with_it(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice, bob)
    good, bad = [send(claimed) for claimed in outbox.claim(clock.now(), {"sms": 5})]
    bad.result.error = "\ud800"  # no text that could be written anywhere
    dispatch._write([bad, good])
    states = dict(Notification.objects.values_list("pk", "state"))
    assert states == {good.claimed.id: "accepted", bad.claimed.id: "sending"}


def test_whatever_words_a_provider_refuses_with_the_next_method_is_used(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    open_alert(alice)
    [claimed] = outbox.claim(clock.now(), {"sms": 5})
    refused = _refused(claimed, Undeliverable("no\x00 such \ud800number"), clock.now())
    settle([refused], clock.now())
    row = Notification.objects.get()
    assert (row.state, row.error) == ("failed", "no such number")


def test_without_a_provider_the_message_can_be_read_in_the_outbox(
    alice: User, clock: Clock
) -> None:
    open_alert(alice)
    clock.look()
    row = Notification.objects.get()
    assert (row.state, row.is_local) == ("accepted", True)


def test_a_channel_without_provider_gives_way_to_one_that_has_one(
    alice: User, clock: Clock, settings: Any, smtp: SmtpDouble
) -> None:
    settings.OUTBOX_ONLY = False
    settings.TWILIO_ACCOUNT_SID = ""
    builders.contact(alice, "email", rule=False)
    open_alert(alice)
    clock.look()
    assert len(smtp.mails) == 1


def test_a_page_that_could_not_leave_for_an_hour_expires_loudly(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    twilio.knobs.turn(account_error=20003)
    alert = open_alert(alice)
    clock.look()
    the_clock.forward(timedelta(hours=2))
    dispatch.run_once(clock.now())
    assert Notification.objects.get(channel="sms").state == "expired"
    assert Kind.PAGE_FAILED in kinds(alert)
