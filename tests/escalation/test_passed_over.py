"""Nobody who can be reached is passed over because of somebody else who cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import NotificationRule, User
from alertops import clock as the_clock
from escalation import dispatch
from escalation.models import Notification
from escalation.plan import Aim, Answer, LevelPlan, PolicyPlan, Position, Recipient, next_step
from tests import builders
from tests.conftest import Clock, Phones
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble

pytestmark = pytest.mark.django_db

HOUR = 3600


@pytest.mark.parametrize("times", [1, 2])
def test_a_dead_number_does_not_cost_the_next_member_of_the_level_their_turn(
    alice: User, bob: User, carol: User, twilio: TwilioDouble, clock: Clock, times: int
) -> None:
    policy = builders.policy(
        {
            "target": "primary",
            "times_to_notify": times,
            "wait_seconds": HOUR,
            "member_wait_seconds": 300,
        },
        {"target": "secondary", "wait_seconds": HOUR},
    )
    twilio.knobs.turn(refuse={alice.contact_methods.get().address: 21211})
    builders.alert(builders.group(primary=(alice, bob), secondary=(carol,), policy=policy))
    clock.look()
    assert [text.to for text in twilio.messages] == [bob.contact_methods.get().address]
    clock.forward(minutes=30)
    bobs = [text.to for text in twilio.messages]
    assert bobs == [bob.contact_methods.get().address] * times, "each as often as the level says"


def test_members_keep_their_places_whoever_can_be_reached_meanwhile() -> None:
    policy = PolicyPlan("p", (LevelPlan(Aim("primary"), times=2, member_wait=60, wait=600),))

    def step(at: Position, *reachable: int) -> tuple[list[int], Position, Position]:
        answer = Answer(
            tuple(Recipient("user", pk) for pk in reachable),
            tuple((pk, "unreachable") for pk in range(3) if pk not in reachable),
            reachable,
        )
        found = next_step(policy, lambda aim: answer, at)
        return [one.id for one in found.recipients], found.position, found.then

    assert step(Position(0, 0, 1), 1, 2) == ([1], Position(0, 0, 1), Position(0, 0, 1, 1))
    assert step(Position(0, 0, 0, 1), 2) == ([2], Position(0, 0, 2), Position(0, 0, 2, 1))
    assert step(Position(0, 0, 1, 1), 0, 1, 2)[2] == Position(0, 0, 2)
    assert step(Position(0, 0, 1, 1), 0, 1)[2] == Position(0, 1)
    assert step(Position(0, 0, 2), 0, 1)[0] == []


def test_a_dead_number_that_was_to_be_used_again_later_is_nothing_to_wait_for(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": HOUR}, {"target": "secondary", "wait_seconds": HOUR}
    )
    number = alice.contact_methods.get()
    NotificationRule.objects.create(
        user=alice, urgency="high", contact_method=number, delay_seconds=1200
    )
    twilio.knobs.turn(refuse={number.address: 21211})
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    assert [text.to for text in twilio.messages] == [bob.contact_methods.get().address]


def test_another_group_whose_primary_cannot_be_reached_answers_by_its_secondary(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    other = builders.group("Databases", primary=(alice,), secondary=(bob,))
    alice.contact_methods.update(disabled_at=clock.now())
    policy = builders.policy({"target": "group", "group": other, "wait_seconds": 300})
    builders.alert(builders.group(manager=(carol,), policy=policy))
    clock.look()
    assert phones.take() == ["bob"]


def test_when_the_last_page_of_a_step_has_expired_nobody_waits_for_its_answer(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 4 * HOUR},
        {"target": "secondary", "wait_seconds": HOUR},
    )
    twilio.knobs.turn(account_error=20003)
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    the_clock.forward(timedelta(minutes=61))
    twilio.knobs.turn(account_error=0)
    dispatch.run_once(clock.now())
    clock.forward(minutes=1)
    assert phones.take() == ["bob"]


def test_where_mail_leaves_nobody_waits_for_a_text_message_that_cannot(
    alice: User,
    bob: User,
    clock: Clock,
    phones: Phones,
    settings: Settings,
    smtp: SmtpDouble,
) -> None:
    settings.OUTBOX_ONLY, settings.TWILIO_ACCOUNT_SID = False, ""
    builders.contact(bob, "email")
    policy = builders.policy(
        {"target": "primary", "wait_seconds": HOUR}, {"target": "secondary", "wait_seconds": HOUR}
    )
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    assert Notification.objects.get(user=alice).state == "failed"
    assert len(smtp.mails) == 1
    assert "bob" in phones.take()
