"""When a contact method dies, its owner and the managers of their groups learn of it, once."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ContactMethod, User
from alertops import clock as the_clock
from escalation import lost
from escalation.consequences import disable
from escalation.models import LostMethod
from groups.models import Group, GroupContactMethod
from tests import builders
from tests.conftest import Clock
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(smtp_double: SmtpDouble, settings: Any) -> SmtpDouble:
    settings.OUTBOX_ONLY = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_double.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    return smtp_double


def told(mail: SmtpDouble) -> dict[str, str]:
    return {one.recipients[0]: one.subject.strip() for one in mail.mails}


def die(method: ContactMethod | GroupContactMethod, reason: str = "Twilio 21610: STOP") -> None:
    is_own = isinstance(method, ContactMethod)
    disable(method.pk if is_own else None, None if is_own else method.pk, reason, the_clock.now())


def tell() -> int:
    return lost.tell(the_clock.now())


def test_a_number_that_dies_while_paging_is_told_to_its_owner_and_managers_once(
    alice: User, bob: User, mallory: User, twilio: TwilioDouble, mail: SmtpDouble, clock: Clock
) -> None:
    number = alice.contact_methods.get().address
    builders.contact(alice, "voice", rule=False)
    twilio.knobs.turn(refuse={number: 21610})
    group = builders.group(primary=(alice,), manager=(bob,))
    builders.group("Others", primary=(mallory,), manager=(mallory,))
    builders.alert(group)
    clock.look()
    assert tell() == 1
    assert told(mail) == {
        alice.email: f"Your SMS to +1 ••• {number[-4:]} no longer works",
        bob.email: f"Alice's SMS to +1 ••• {number[-4:]} no longer works",
    }
    assert "can still be paged by phone." in mail.mails[0].text.lower()
    assert number not in mail.mails[1].text
    builders.alert(group, title="Another")
    clock.forward(hours=2)
    assert tell() == 0
    assert len(mail.mails) == 2


def test_a_person_left_without_any_way_is_said_so(alice: User, mail: SmtpDouble) -> None:
    builders.group(primary=(alice,))
    die(alice.contact_methods.get())
    tell()
    assert "You cannot be paged at all now" in mail.mails[0].text
    assert "/me/" in mail.mails[0].text


def test_a_dead_mail_box_is_told_on_another_way(
    alice: User, bob: User, mail: SmtpDouble, twilio: TwilioDouble, settings: Any
) -> None:
    own = builders.contact(alice, "email", address=alice.email)
    builders.group(primary=(alice,), manager=(bob,))
    die(own, "bounced (invalid)")
    tell()
    assert [record.to for record in twilio.messages] == [
        alice.contact_methods.get(kind="sms").address
    ]
    assert "no longer works" in twilio.messages[0].body
    assert set(told(mail)) == {bob.email}


def test_without_managers_the_administrators_are_told(
    alice: User, carol: User, mail: SmtpDouble
) -> None:
    User.objects.filter(pk=carol.pk).update(roles=["owner"])
    builders.group(primary=(alice,))
    die(alice.contact_methods.get())
    tell()
    assert set(told(mail)) == {alice.email, carol.email}


def test_a_groups_own_number_is_told_to_its_managers(
    alice: User, bob: User, mail: SmtpDouble
) -> None:
    group: Group = builders.group(primary=(alice,), manager=(bob,))
    shared = GroupContactMethod.objects.create(
        group=group, kind="sms", address="+14155550111", verified_at=the_clock.now()
    )
    die(shared)
    tell()
    assert told(mail) == {bob.email: "Payments' SMS to +1 ••• 0111 no longer works"}


def test_a_mail_server_that_is_down_is_tried_again_and_nobody_is_told_twice(
    alice: User, bob: User, mail: SmtpDouble, clock: Clock
) -> None:
    builders.group(primary=(alice,), manager=(bob,))
    mail.greylist = 1
    die(alice.contact_methods.get())
    tell()
    assert len(mail.mails) <= 1
    assert tell() == 0, "not before its time"
    clock.set(the_clock.now() + lost.LEASE * 2)
    assert tell() == 1
    assert sorted(one.recipients[0] for one in mail.mails) == [alice.email, bob.email]
    assert LostMethod.objects.get().next_try_at is None


def test_what_was_verified_anew_meanwhile_is_not_told(alice: User, mail: SmtpDouble) -> None:
    method = alice.contact_methods.get()
    die(method)
    ContactMethod.objects.filter(pk=method.pk).update(disabled_at=None)
    tell()
    assert not mail.mails


def test_a_person_without_groups_and_an_address_of_an_inactive_one_harm_nobody(
    alice: User, mail: SmtpDouble
) -> None:
    method = alice.contact_methods.get()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    die(method)
    die(method)
    assert LostMethod.objects.count() == 1
    assert tell() == 1
    assert not mail.mails
