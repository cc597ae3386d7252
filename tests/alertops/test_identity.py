"""A copied database pages nobody; whatever happens to a real installation never stops it."""

import socket
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from alertops import clock, fence, identity, loops, vitals
from alertops.identity import Signs, Trace, Verdict, judge
from alertops.models import House, LoopBeat
from escalation import dispatch, engine
from escalation.models import Notification
from escalation.states import State
from tests import builders
from tests.doubles.twilio import TwilioDouble

REAL, OTHER = "https://alerts.example.org", "https://staging.example.org"
HERE, THERE = "db1 5432 alertops 700", "db2 5432 alertops 701"
JUST_NOW, DAYS = timedelta(seconds=5), timedelta(days=2)

ORDINARY = {
    "a restart": (Trace(REAL, HERE), Signs(JUST_NOW), Verdict.SAME),
    "a restart after a week": (Trace(REAL, HERE), Signs(timedelta(days=7)), Verdict.SAME),
    "another host, container or key": (Trace(REAL, HERE), Signs(JUST_NOW), Verdict.SAME),
    "a second host joins": (Trace(REAL, HERE), Signs(JUST_NOW, alive=True), Verdict.SAME),
    "https, or another port": (
        Trace("https://Alerts.example.org:8443/", HERE),
        Signs(DAYS),
        Verdict.SAME,
    ),
    "a restored backup takes over": (Trace(REAL, THERE), Signs(DAYS), Verdict.MOVED),
    "the database moved or failed over": (Trace(REAL, THERE), Signs(JUST_NOW), Verdict.MOVED),
    "a new name": (Trace(OTHER, HERE), Signs(JUST_NOW), Verdict.RENAMED),
    "a host that was told another name": (
        Trace(OTHER, THERE),
        Signs(JUST_NOW, alive=True),
        Verdict.NEIGHBOUR,
    ),
    "set up here, never served": (Trace(OTHER, THERE), Signs(None), Verdict.RENAMED),
}
COPIES = {
    "a dump restored elsewhere": (Trace(OTHER, THERE), Signs(DAYS)),
    "a dump restored at once": (Trace(OTHER, THERE), Signs(JUST_NOW)),
    "a snapshot in a place that looks the same": (Trace(OTHER, HERE), Signs(DAYS)),
    "a copy on a laptop": (Trace("http://localhost:8000", THERE), Signs(DAYS)),
    "a copy that is started again": (Trace(OTHER, HERE), Signs(JUST_NOW, held=True)),
}


@pytest.mark.parametrize("what", ORDINARY)
def test_no_ordinary_operation_is_taken_for_a_copy(what: str) -> None:
    found, signs, verdict = ORDINARY[what]
    assert judge(Trace(REAL, HERE), found, signs) is verdict


@pytest.mark.parametrize("what", COPIES)
def test_a_copy_is_recognised(what: str) -> None:
    assert judge(Trace(REAL, HERE), *COPIES[what]) is Verdict.STRANGER


def test_the_first_start_is_never_a_copy() -> None:
    assert judge(Trace("", ""), Trace(REAL, HERE), Signs(DAYS)) is Verdict.FIRST


def test_giving_a_trial_on_localhost_its_real_name_is_no_copy() -> None:
    tried = Trace("http://localhost:8000", HERE)
    assert judge(tried, Trace(REAL, THERE), Signs(DAYS)) is Verdict.RENAMED


@pytest.fixture
def served(db: None, settings: Settings) -> None:
    """This database has been served here, until two days ago."""
    fence.claim()
    settings.PUBLIC_URL = REAL
    identity.adopt(clock.now())
    beat = clock.now() - DAYS
    LoopBeat.objects.create(name="tick", beat_at=beat, ends_at=beat, run_id="r", host="h", pid=1)


def start_as(settings: Settings, url: str) -> Verdict:
    settings.PUBLIC_URL = url
    return identity.settle(clock.now())


@pytest.mark.usefixtures("served")
def test_every_start_of_the_real_one_goes_through(settings: Settings) -> None:
    assert start_as(settings, REAL) is Verdict.SAME
    assert identity.held() == ""


@pytest.mark.usefixtures("served")
def test_the_server_behind_the_database_is_known() -> None:
    assert identity.here().place.split()[-1].isdigit()


@pytest.mark.usefixtures("served")
def test_a_copy_is_held_until_an_operator_adopts_it(settings: Settings, client: Client) -> None:
    assert start_as(settings, OTHER) is Verdict.STRANGER
    assert "manage.py adopt" in identity.held()
    assert start_as(settings, OTHER) is Verdict.STRANGER, "a second start changes nothing"
    health = client.get("/health/engine")
    assert (health.status_code, health.json()["status"]) == (503, "held")
    assert socket.gethostname() not in health.text
    assert OTHER not in health.text
    said = StringIO()
    call_command("adopt", stdout=said)
    assert REAL in said.getvalue()
    assert identity.held() != ""
    call_command("adopt", "--yes", stdout=said)
    assert identity.held() == ""
    assert start_as(settings, OTHER) is Verdict.SAME


@pytest.mark.usefixtures("served")
def test_a_wrong_setting_that_is_put_right_again_needs_no_command(settings: Settings) -> None:
    start_as(settings, OTHER)
    assert start_as(settings, REAL) is Verdict.SAME
    assert identity.held() == ""


@pytest.mark.usefixtures("served")
def test_a_held_house_tells_its_operators_and_never_pings(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    start_as(settings, OTHER)
    caplog.clear()
    examiner = vitals.Examiner()
    assert [examiner.examine() for _ in range(3)] == [{"held": 1}] * 3
    told = [record for record in caplog.records if "looks like a copy" in record.getMessage()]
    assert len(told) == 1


@pytest.mark.django_db(transaction=True)
def test_a_held_house_sends_nothing_and_sends_what_waits_when_it_is_adopted(
    twilio: TwilioDouble, settings: Settings, alice: User
) -> None:
    fence.claim()
    House.objects.update(public_url=REAL, place=HERE, held_at=clock.now(), held_reason="a copy")
    builders.alert(builders.group(primary=(alice,)))
    dispatcher = dispatch.Dispatcher()
    try:
        _run("tick", engine.tick)
        _run("outbox", dispatcher.work)
        assert not Notification.objects.exists()
        assert not twilio.messages
        identity.adopt(clock.now())
        _run("tick", engine.tick)
        _run("outbox", dispatcher.work)
    finally:
        dispatcher.close()
    assert Notification.objects.get().state == State.ACCEPTED
    assert len(twilio.messages) == 1
    connection.close()


def _run(name: str, work: loops.Work) -> None:
    LoopBeat.objects.all().delete()
    looks: list[datetime] = []

    def look(now: datetime) -> datetime | None:
        return work(now)

    def enough() -> bool:
        looks.append(clock.now())
        return len(looks) > 3

    loops.run(name, look, seconds=5, stop=enough)
