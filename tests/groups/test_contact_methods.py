"""Two people at one address of a group: neither undoes what the other, or the provider, did."""

from __future__ import annotations

import pytest

from accounts import verification
from accounts.errors import NotAllowed
from accounts.models import UnsentMessage, User
from alertops import clock as the_clock
from escalation.consequences import disable
from groups import actions
from groups.models import GroupContactMethod
from tests import builders
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(clock: Clock) -> User:
    return builders.person("Root", roles=["app_admin"])


@pytest.fixture
def number(root: User, clock: Clock) -> GroupContactMethod:
    """The group's own number, its code on the way."""
    group = builders.group()
    method = actions.add_contact_method(
        group, "sms", "+14155550100", actor=root, now=the_clock.now()
    )
    verification.send_code(method, user=root, now=the_clock.now())
    return method


def again(method: GroupContactMethod) -> GroupContactMethod:
    return GroupContactMethod.objects.get(pk=method.pk)


def test_a_code_verifies_the_address_it_was_sent_to_and_no_other(
    number: GroupContactMethod, root: User
) -> None:
    code, now = UnsentMessage.objects.get().text[:6], the_clock.now()
    shown = again(number)
    actions.change_contact_method(number, actor=root, now=now, address="+14155550199")
    with pytest.raises(NotAllowed):
        actions.verify_contact_method(shown, code, actor=root, now=now)
    assert not again(number).is_usable


def test_a_new_label_brings_no_dead_number_back_and_takes_no_verified_one_away(
    number: GroupContactMethod, root: User
) -> None:
    now = the_clock.now()
    early = again(number)
    actions.verify_contact_method(number, UnsentMessage.objects.get().text[:6], actor=root, now=now)
    late = again(number)
    actions.change_contact_method(early, actor=root, now=now, label="Night")
    assert again(number).is_usable
    disable(None, number.pk, "no such number", now)
    actions.change_contact_method(late, actor=root, now=now, label="Day")
    assert not again(number).is_usable
