"""What django-q2 runs: its rows say what the table says, and a house that may not page rests."""

import ast
from importlib import import_module
from typing import Any

import pytest
from django_q.models import Schedule

from accounts.models import User
from alertops import clock, clockwork, fence, identity
from alertops.models import House
from escalation import lost
from tests.doubles.smtp import SmtpDouble

pytestmark = pytest.mark.django_db

TELL = "tell_of_lost_methods"


@pytest.fixture
def mail(smtp_double: SmtpDouble, settings: Any, alice: User) -> SmtpDouble:
    """A mail server, and a dead number of Alice's that she is to be told of."""
    settings.OUTBOX_ONLY = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_double.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    method = alice.contact_methods.get()
    alice.contact_methods.update(disabled_at=clock.now())
    lost.note(contact_method_id=method.pk, group_contact_id=None, reason="STOP", now=clock.now())
    fence.claim()
    return smtp_double


def test_every_row_names_something_that_can_be_run_and_every_chore_goes_through_its_door() -> None:
    clockwork.ensure_schedules(clock.now())
    rows = {row.name: row for row in Schedule.objects.all()}
    assert len(rows) == len(clockwork.LOOPS) + len(clockwork.CHORES)
    for name, row in rows.items():
        module, _, word = row.func.rpartition(".")
        assert callable(getattr(import_module(module), word)), name
        assert (row.func == "alertops.clockwork.chore") == name.startswith("chore "), name
        if name.startswith("chore "):
            assert ast.literal_eval(row.args) == name.removeprefix("chore ")


def test_a_copy_tells_nobody_anything_until_it_is_adopted(mail: SmtpDouble) -> None:
    House.objects.update(held_at=clock.now(), held_reason="it looks like a copy")
    assert clockwork.chore(TELL) == "it looks like a copy"
    assert not mail.mails
    identity.adopt(clock.now())
    assert clockwork.chore(TELL) == 1
    assert len(mail.mails) == 1


def test_an_older_release_leaves_the_chores_to_the_newer_one(mail: SmtpDouble) -> None:
    House.objects.update(engine_version=fence.ENGINE + 1)
    assert "whose hosts do the paging" in str(clockwork.chore(TELL))
    assert not mail.mails
