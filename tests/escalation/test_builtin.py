"""The five policies every installation starts with."""

import pytest

from escalation import builtin
from escalation.models import Level, LevelChannel, Policy
from escalation.plan import PolicyPlan
from escalation.policies import as_plan
from escalation.validity import problems
from tests import builders

PLANS = {plan.name: plan for plan, _ in builtin.POLICIES}


def create():
    return builtin.create_missing(Policy.objects, Level.objects, LevelChannel.objects)


@pytest.fixture
def none_yet(db):
    Policy.objects.all().delete()


def test_all_five_are_stored_as_they_are_described(none_yet):
    assert create() == list(PLANS)
    stored = {policy.name: as_plan(policy) for policy in Policy.objects.all()}
    assert {name: plan.levels for name, plan in stored.items()} == {
        name: plan.levels for name, plan in PLANS.items()
    }


def test_a_migrated_database_has_them(django_db_setup, db):
    create()
    assert set(Policy.objects.values_list("name", flat=True)) >= set(PLANS)


def test_creating_them_again_changes_nothing_and_brings_back_what_was_deleted(none_yet):
    create()
    edited = Policy.objects.get(name="All hands, e-mail")
    edited.levels.update(wait_seconds=60)
    Policy.objects.get(name="E-mail the managers").delete()

    assert create() == ["E-mail the managers"]
    assert edited.levels.get().wait_seconds == 60


@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
def test_each_makes_sense_and_survives_being_frozen(plan):
    assert problems(plan) == []
    assert PolicyPlan.from_json(plan.to_json()) == plan


def test_five_retries_are_six_notifications():
    assert {
        level.times for level in PLANS["6 notifications, 5 minutes apart, then next"].levels
    } == {6}


def test_the_standard_one_moves_on_every_five_minutes(none_yet, alice, bob, carol, clock, phones):
    create()
    policy = Policy.objects.get(name="Standard: 5 minutes, then next")
    builders.alert(
        builders.group(primary=(alice,), secondary=(bob,), manager=(carol,), policy=policy)
    )
    clock.look()
    clock.forward(minutes=10)
    assert phones.take() == ["alice", "bob", "carol"]


def test_six_notifications_go_to_each_before_the_next(none_yet, alice, bob, clock, phones):
    create()
    policy = Policy.objects.get(name="6 notifications, 5 minutes apart, then next")
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    clock.forward(minutes=30)
    assert phones.take() == ["alice"] * 6 + ["bob"]


def test_all_hands_are_reached_at_once_by_every_channel_they_have(
    none_yet, alice, bob, clock, phones
):
    create()
    builders.contact(alice, "voice", rule=False)
    policy = Policy.objects.get(name="All hands, all channels")
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    assert sorted(phones.take(channels=True)) == ["alice sms", "alice voice", "bob sms"]


def test_managers_get_an_e_mail_and_whoever_has_none_is_reached_all_the_same(
    none_yet, alice, bob, clock, phones
):
    create()
    builders.contact(alice, "email", rule=False)
    policy = Policy.objects.get(name="E-mail the managers")
    builders.alert(builders.group(manager=(alice, bob), policy=policy))
    clock.look()
    assert phones.take(channels=True) == ["alice email", "bob sms"]
