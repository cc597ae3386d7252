"""The house tries itself: a synthetic alert end to end, its providers, its own address."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from accounts.channels import CHANNELS, SENDABLE
from accounts.models import User
from alertops import clock, drill, health, loops, notices, probes, self_test
from alertops.models import LoopBeat
from alertops.probes import Verdict
from alerts import wakes
from alerts.models import Alert, AlertEvent
from escalation import dispatch, engine
from escalation.decide import last_resort
from escalation.directory import Directory
from escalation.models import Attempt, Notification
from groups.models import Group, GroupContactMethod
from integrations import inbox
from integrations.models import EventOutcome, InboundEvent, Integration
from tests import builders
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    notices.forget()
    yield
    notices.forget()


@pytest.fixture
def running() -> Iterator[threading.Event]:
    """The three loops, in threads of this process."""
    stop = threading.Event()
    dispatcher = dispatch.Dispatcher(senders=2)

    def serve(name: str, work: loops.Work) -> None:
        loops.run(name, work, seconds=120, stop=stop.is_set)
        connections.close_all()

    works = {"inbox": inbox.process, "tick": engine.tick, "outbox": dispatcher.work}
    threads = [threading.Thread(target=serve, args=item) for item in works.items()]
    for thread in threads:
        thread.start()
    yield stop
    stop.set()
    for thread in threads:
        thread.join(10)
    dispatcher.close()


def rows() -> dict[str, int]:
    """All that a drill could leave, seen past the managers that hide it."""
    models = (Alert, AlertEvent, Notification, Attempt, InboundEvent, EventOutcome)
    models += (Group, Integration)  # type: ignore[assignment]
    return {model.__name__: model._base_manager.count() for model in models}


@pytest.mark.usefixtures("running")
def test_a_synthetic_alert_goes_all_the_way_and_leaves_nothing_behind(alice: User) -> None:
    first = drill.run()
    assert first.passed, first.detail
    assert first.seconds is not None
    assert first.seconds < 5
    left = rows()
    assert left["Notification"] == left["AlertEvent"] == left["InboundEvent"] == 0
    for _ in range(3):
        assert drill.run().passed
    assert rows() == left, "nothing grows"
    assert left["Alert"] == 1


@pytest.mark.usefixtures("running")
def test_a_drill_never_pages_people_whatever_has_become_of_its_rows(twilio: TwilioDouble) -> None:
    builders.person("Root", roles=["app_admin"])
    assert drill.run().passed
    GroupContactMethod.objects.filter(pk=drill.ID).update(disabled_at=clock.now())
    assert drill.run().passed
    assert not twilio.messages
    row = wakes.DueAlert(
        drill.ID, "triggered", "start", clock.now(), 1, "critical", drill.ID, None, None,
        snoozed=False, acknowledged_at=None, acknowledged_by_id=None,
        acknowledgement_expires=False,
    )  # fmt: skip
    assert last_resort(row, Directory(clock.now()), clock.now()).notifications == []


@pytest.mark.usefixtures("running")
def test_no_list_count_or_choice_ever_shows_the_drill(client: Client) -> None:
    admin = User.objects.create_user(email="o@example.com", name="Olga", roles=["owner"])
    drill.run()
    assert not Alert.objects.exists()
    assert not Alert.objects.visible_to(admin).exists()
    assert not Group.objects.visible_to(admin).exists()
    assert not Integration.objects.visible_to(admin).exists()
    assert "sink" in SENDABLE
    assert "sink" not in CHANNELS
    client.force_login(admin)
    for path in ("/alerts/", "/groups/", "/integrations/", "/outbox/", "/api/v1/alerts/", "/"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert b"elf-test" not in page.content, path
    assert b'alertops_open_alerts{status="triggered"}' not in client.get("/metrics").content
    assert client.get("/admin/alerts/alert/-1/change/").status_code != 200


def test_a_drill_that_does_not_arrive_says_where_it_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drill, "PATIENCE", 0.2)
    assert "the inbox does not read events" in drill.run().detail
    inbox.process(clock.db_now())
    assert InboundEvent.objects.filter(processed_at__isnull=False).exists()
    stuck = drill.run()
    assert stuck.passed is False
    with connection.cursor() as cursor:  # what a failed one left is cleared by the next
        cursor.execute("SELECT count(*) FROM integrations_inboundevent")
        assert cursor.fetchone() == (1,)


@pytest.mark.usefixtures("running")
def test_its_outcome_stands_in_the_health_and_the_metrics(client: Client) -> None:
    assert probes.claim(drill.NAME, drill.EVERY)
    assert not probes.claim(drill.NAME, drill.EVERY), "one host at a time, every five minutes"
    probes.settle(drill.NAME, drill.run(), clock.now())
    body = client.get("/health/engine").json()
    assert body["status"] == "ok", body
    assert body["self_tests"]["drill"]["passed"] is True
    assert 0 < body["self_tests"]["drill"]["seconds"] < 5
    text = client.get("/metrics").content.decode()
    assert 'alertops_self_test_passed{test="drill"} 1.0' in text
    assert 'alertops_self_test_seconds{test="drill"} 0.' in text


def fail(name: str, times: int) -> None:
    for _ in range(times):
        probes.claim(name, 0.0)
        probes.settle(name, Verdict(False, "SMTP 535: bad password"), clock.now())


@pytest.fixture
def all_alive() -> None:
    now = clock.db_now()
    for name in ("inbox", "tick", "outbox"):
        LoopBeat.objects.create(
            name=name, beat_at=now, ends_at=now, run_id=f"r-{name}", host="h", pid=1
        )


@pytest.mark.usefixtures("all_alive")
def test_a_failing_drill_is_unwell_a_failing_provider_a_warning(client: Client) -> None:
    fail("email", 1)
    answer = client.get("/health/engine")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "password" not in answer.text, "the words are for people who sign in"
    fail(drill.NAME, 1)
    answer = client.get("/health/engine")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


@pytest.mark.usefixtures("all_alive")
def test_a_drill_that_nobody_runs_any_more_is_unwell(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes.claim(drill.NAME, 0)
    probes.settle(drill.NAME, Verdict(True, seconds=0.1), clock.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alertops_probe SET checked_at = now() - interval '1 hour'")
    monkeypatch.setattr(health, "_began", time.monotonic())
    assert client.get("/health/engine").status_code == 200, "it has only just been started"
    monkeypatch.setattr(health, "_began", time.monotonic() - 100)
    assert client.get("/health/engine").status_code == 503
    settings.SELF_TESTS = False
    assert client.get("/health/engine").status_code == 200


def test_a_failure_is_told_the_second_time_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    admin = User.objects.create_user(email="o@example.com", name="Olga", roles=["owner"])
    client.force_login(admin)
    fail("email", 1)
    assert not caplog.records
    assert b"bad password" not in client.get("/").content
    fail("email", 1)
    fail("email", 3)
    told = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert told == ["AlertOps: the self-test “email” fails: SMTP 535: bad password"]
    notices.forget()
    assert b"bad password" in client.get("/").content
    assert b"bad password" in client.get("/admin/").content
    probes.claim("email", 0.0)
    probes.settle("email", Verdict(True), clock.now())
    assert "well again" in caplog.records[-1].getMessage()
    notices.forget()
    assert b"bad password" not in client.get("/").content


def test_a_provider_that_was_taken_out_does_not_fail_for_ever(client: Client) -> None:
    fail("sms", 2)
    assert probes.standing()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alertops_probe SET checked_at = now() - interval '2 hours'")
    assert not probes.standing()
    assert client.get("/health/engine").json()["self_tests"]["sms"]["passed"] is False


def test_a_plain_member_is_not_bothered_with_providers(client: Client, alice: User) -> None:
    fail("email", 2)
    client.force_login(alice)
    assert b"bad password" not in client.get("/").content


def examined(kind: str) -> Verdict:
    return self_test._provider(CHANNELS[kind])


def test_twilio_is_asked_for_its_account_and_our_number_and_nothing_is_sent(
    twilio: TwilioDouble,
) -> None:
    assert examined("sms").passed
    assert examined("voice").passed
    twilio.account_status = "suspended"
    assert examined("sms") == Verdict(False, "Text message: The Twilio account is suspended.")
    twilio.account_status, twilio.own = "active", set()
    assert "does not belong" in examined("sms").detail
    twilio.verified = {"+15005550006"}
    assert examined("voice").passed, "a number of somebody's that Twilio may show"
    twilio.knobs.turn(account_error=20003)
    assert examined("sms").passed is False
    assert not twilio.messages
    assert not twilio.calls


def test_the_mail_server_is_signed_in_to_and_nothing_is_sent(
    smtp_double: SmtpDouble, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_double.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    assert examined("email") == Verdict(True, "")
    settings.EMAIL_PORT = 1
    assert examined("email").passed is False
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    assert examined("email").passed is None
    assert not smtp_double.mails


def test_only_what_is_set_up_is_tried(settings: Settings, twilio: TwilioDouble) -> None:
    names = [name for name, _, _ in self_test.tests(is_held=False)]
    assert {"drill", "address", "sms", "voice"} <= set(names)
    assert "email" not in names
    assert [name for name, _, _ in self_test.tests(is_held=True)] == ["address"]
    settings.OUTBOX_ONLY = True
    assert [name for name, _, _ in self_test.tests(is_held=False)] == ["drill", "address"]


def test_the_demo_and_the_checks_do_not_stumble_over_the_drill() -> None:
    drill._prepare()
    call_command("check")
    call_command("rotate_field_keys")
