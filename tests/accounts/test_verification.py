"""Codes that prove an address: how long they live, how many there are, what they open."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import actions, verification
from accounts.errors import NotAllowed
from accounts.models import ContactMethod, NotificationRule, UnsentMessage, User, Verification
from alertops import clock
from tests.accounts.conftest import PUBLIC_URL
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble

pytestmark = pytest.mark.django_db
NUMBER = "+436641234567"


@pytest.fixture
def dora(frozen: None) -> User:
    return User.objects.create_user("dora@example.com", name="Dora")


@pytest.fixture
def sms(dora: User) -> ContactMethod:
    return actions.add_contact_method(dora, "sms", "+43 664 1234567", actor=dora, now=clock.now())


def sent_code(twilio: TwilioDouble) -> str:
    found = re.match(r"(\d{6}) is your AlertOps code", twilio.messages[-1].body)
    assert found
    return found[1]


def ask(method: ContactMethod, **later: float) -> str:
    """Ask for a code `later` and return what the page would say."""
    if later:
        clock.forward(timedelta(**later))
    return verification.send_code(method, user=method.user, now=clock.now())


def answer(method: ContactMethod, code: str) -> None:
    actions.verify(method, code, user=method.user, now=clock.now())


def refused(work: Any) -> str:
    with pytest.raises(NotAllowed) as raised:
        work()
    return str(raised.value)


def test_a_new_contact_method_is_not_used_before_its_code_came_back(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    assert not ContactMethod.objects.usable().exists()
    assert ask(sms) == ""
    assert twilio.messages[-1].to == NUMBER
    answer(sms, f" {sent_code(twilio)[:3]} {sent_code(twilio)[3:]} ")
    assert ContactMethod.objects.usable().get() == sms


def test_a_code_is_kept_only_as_a_digest(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(v)::text FROM accounts_verification v")
        assert sent_code(twilio) not in cursor.fetchone()[0]


def test_five_wrong_tries_spoil_a_code(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    good = sent_code(twilio)
    wrong = "000000" if good != "000000" else "111111"
    said = [refused(lambda: answer(sms, wrong)) for _ in range(6)]
    assert said[0] == "This is not the code that was sent; 4 tries left."
    assert said[3] == "This is not the code that was sent; 1 try left."
    assert said[5] == "Five wrong tries are the limit; have a new code sent."
    assert "limit" in refused(lambda: answer(sms, good))


def test_a_code_dies_after_fifteen_minutes(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    clock.forward(timedelta(minutes=15))
    assert "no longer good" in refused(lambda: answer(sms, sent_code(twilio)))


def test_a_code_opens_once(sms: ContactMethod, live: None, twilio: TwilioDouble) -> None:
    ask(sms)
    answer(sms, sent_code(twilio))
    assert "no longer good" in refused(lambda: answer(sms, sent_code(twilio)))


def test_only_the_newest_code_is_good(sms: ContactMethod, live: None, twilio: TwilioDouble) -> None:
    ask(sms)
    old = sent_code(twilio)
    ask(sms, minutes=2)
    if old != sent_code(twilio):
        assert "not the code" in refused(lambda: answer(sms, old))
    answer(sms, sent_code(twilio))


def test_codes_to_phones_are_limited(sms: ContactMethod, live: None, twilio: TwilioDouble) -> None:
    ask(sms)
    assert "less than a minute" in refused(lambda: ask(sms))
    ask(sms, minutes=2)
    ask(sms, minutes=2)
    assert "Three codes to phones an hour" in refused(lambda: ask(sms, minutes=2))
    ask(sms, minutes=60)
    assert len(twilio.messages) == 4


def test_many_new_numbers_do_not_get_round_the_limit(
    dora: User, live: None, twilio: TwilioDouble
) -> None:
    now = clock.now()
    numbers = [
        actions.add_contact_method(dora, "sms", f"+43664123456{n}", actor=dora, now=now)
        for n in range(4)
    ]
    for method in numbers[:3]:
        ask(method)
    assert "Three codes" in refused(lambda: ask(numbers[3]))


def test_the_house_has_a_limit_too(sms: ContactMethod, live: None, twilio: TwilioDouble) -> None:
    other = User.objects.create_user("eve@example.com", name="Eve")
    now = clock.now()
    facts = {"kind": "sms", "code_digest": "x", "sent_at": now, "expires_at": now}
    Verification.objects.bulk_create(
        Verification(user=other, address_digest=str(n), **facts) for n in range(50)
    )
    assert "Too many codes" in refused(lambda: ask(sms))


def test_another_address_is_another_thing_to_verify(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    code = sent_code(twilio)
    answer(sms, code)
    dora = sms.user
    changed = actions.change_contact_method(
        sms, actor=dora, now=clock.now(), address="+43 664 7654321"
    )
    assert not changed.is_usable
    assert "no longer good" in refused(lambda: answer(changed, code))
    same = actions.change_contact_method(changed, actor=dora, now=clock.now(), label="Work")
    assert same.label == "Work"


def test_a_number_that_said_stop_needs_a_new_code(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    answer(sms, sent_code(twilio))
    now = clock.now()
    assert actions.disable_address("sms", NUMBER, reason="STOP", now=now) == 1
    assert not ContactMethod.objects.usable().exists()
    ask(sms, minutes=2)
    answer(sms, sent_code(twilio))
    assert ContactMethod.objects.usable().exists()


def test_one_number_for_texts_and_calls_is_verified_once(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    dora, now = sms.user, clock.now()
    actions.add_contact_method(dora, "voice", NUMBER, actor=dora, now=now)
    ask(sms)
    answer(sms, sent_code(twilio))
    assert set(dora.contact_methods.usable().values_list("kind", flat=True)) == {"sms", "voice"}


def test_a_verified_method_joins_the_rules_and_loud_ones_only_at_high_urgency(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    ask(sms)
    answer(sms, sent_code(twilio))
    [rule] = NotificationRule.objects.all()
    assert (rule.urgency, rule.delay_seconds, rule.contact_method) == ("high", 0, sms)


def test_a_landline_is_called_and_hears_the_digits_apart(
    dora: User, live: None, twilio: TwilioDouble
) -> None:
    voice = actions.add_contact_method(dora, "voice", "+43 1 5128888", actor=dora, now=clock.now())
    ask(voice)
    said = twilio.calls[-1].fields["Twiml"]
    assert len(re.findall(r"Your AlertOps code is (\d\. ){5}\d\.", said)) == 2
    assert "Press 1" not in said


def test_without_a_provider_an_administrator_reads_the_code(
    sms: ContactMethod, settings: Any
) -> None:
    settings.OUTBOX_ONLY, settings.TWILIO_ACCOUNT_SID = False, ""
    assert ask(sms) == (
        "No SMS and voice provider is configured (TWILIO_ACCOUNT_SID is not set). "
        "An administrator can read the code on the outbox page."
    )
    waiting = UnsentMessage.objects.get()
    assert NUMBER not in waiting.text
    answer(sms, waiting.text[:6])


def test_a_number_that_does_not_exist_is_said_at_once(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    twilio.knobs.turn(refuse={NUMBER: 21211})
    assert "cannot be delivered" in refused(lambda: ask(sms))


def test_an_account_address_is_verified_by_mail(dora: User, live: None, smtp: SmtpDouble) -> None:
    method = actions.add_contact_method(dora, "email", dora.email, actor=dora, now=clock.now())
    ask(method)
    answer(method, smtp.wait(1)[0].text[:6])
    assert set(NotificationRule.objects.values_list("urgency", flat=True)) == {"high", "low"}


def test_five_tests_a_minute_are_the_limit(
    sms: ContactMethod, live: None, twilio: TwilioDouble
) -> None:
    def press() -> str:
        return verification.send_test(sms, user=sms.user, now=clock.now())

    assert "Verify this contact method first." in refused(press)
    ask(sms)
    answer(sms, sent_code(twilio))
    sms.refresh_from_db()
    for _ in range(5):
        assert press() == ""
    assert "Five tests a minute" in refused(press)
    clock.forward(timedelta(minutes=1))
    assert press() == ""
    assert "Nothing is wrong" in twilio.messages[-1].body


def test_links_in_messages_use_the_public_address(settings: Any) -> None:
    settings.PUBLIC_URL = PUBLIC_URL
    assert verification.message("123456", clock.now()).url == f"{PUBLIC_URL}/me/"
