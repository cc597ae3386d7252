"""Who may answer a page by mail: whoever was paged, and nobody else."""

from __future__ import annotations

import pytest

from accounts.models import User
from alerts.links import make_link_token
from alerts.models import Alert
from escalation import mail_replies
from groups.models import GroupContactMethod
from tests import builders
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sender", "status", "by"),
    [
        ("desk@example.org", "acknowledged", None),
        ("alice@example.org", "acknowledged", "Alice"),
        ("mallory@example.org", "triggered", None),
        ("other-desk@example.org", "triggered", None),
    ],
)
def test_a_page_to_a_groups_address_is_answered_by_that_address_or_a_member(
    alice: User, mallory: User, clock: Clock, sender: str, status: str, by: str | None
) -> None:
    group, other = builders.group(primary=(alice,)), builders.group("Other", primary=(mallory,))
    for person in (alice, mallory):
        builders.contact(person, "email", address=f"{person.name.lower()}@example.org")
    for whose, address in ((group, "desk@example.org"), (other, "other-desk@example.org")):
        GroupContactMethod.objects.create(
            group=whose, kind="email", address=address, verified_at=clock.now()
        )
    alert = builders.alert(group)
    token = make_link_token(alert.pk, 0, alert.epoch, clock.now())
    mail_replies.answer(token, sender, "ack\n\n> a page", clock.now())
    alert = Alert.objects.select_related("acknowledged_by").get()
    assert alert.status == status
    assert (alert.acknowledged_by.name if alert.acknowledged_by else None) == by


def test_a_page_to_one_person_is_not_answered_by_another_member(
    alice: User, bob: User, clock: Clock
) -> None:
    builders.contact(bob, "email", address="bob@example.org")
    alert = builders.alert(builders.group(primary=(alice,), secondary=(bob,)))
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())
    mail_replies.answer(token, "bob@example.org", "ack", clock.now())
    assert Alert.objects.get().status == "triggered"
