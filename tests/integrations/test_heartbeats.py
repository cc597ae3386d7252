"""Heartbeats: silence is heard, and nobody is blamed for ours."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alertops.models import LoopBeat
from alerts.models import Alert
from groups.models import Group
from integrations import actions_heartbeats as actions
from integrations import heartbeats
from integrations.models import Heartbeat, Listening
from integrations.rhythm import BadCron, Rhythm, check, next_tick
from integrations.states import Pulse, Said
from tests import builders
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


def beat(owner: Group, name: str = "nightly backup", **fields: Any) -> Heartbeat:
    made = Heartbeat(name=name, **{"group": owner, "period_seconds": 300, **fields})
    return actions.save(made, actor=None, now=datetime(2026, 3, 2, 9, tzinfo=UTC))


def listen(clock: Clock, *, step: float = 5, **by: float) -> None:
    """Let time pass while the loop looks and the door is open."""
    end = clock.now() + timedelta(**by)
    heartbeats.watch(clock.now())
    while clock.now() < end:
        clock.set(min(end, clock.now() + timedelta(seconds=step)))
        heartbeats.watch(clock.now())


def outage(clock: Clock, **by: float) -> None:
    """Let time pass while nobody of us is there."""
    clock.set(clock.now() + timedelta(**by))
    heartbeats.watch(clock.now())


def alerts() -> list[tuple[str, int]]:
    return list(Alert.objects.order_by("pk").values_list("status", "event_count"))


def test_it_is_not_armed_before_the_first_ping(clock: Clock, payments: Group) -> None:
    quiet = beat(payments)
    listen(clock, hours=1, step=9)
    quiet.refresh_from_db()
    assert quiet.state == Pulse.WAITING
    assert not alerts()


def test_silence_opens_one_alert_and_the_next_ping_resolves_it(
    clock: Clock, payments: Group
) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    listen(clock, seconds=355)
    assert not alerts()
    listen(clock, seconds=10)
    assert alerts() == [("triggered", 1)]
    alert = Alert.objects.get()
    assert alert.title == "Heartbeat nightly backup is late"
    assert alert.group == payments
    assert "every 5 min" in alert.description
    listen(clock, minutes=20)
    assert alerts() == [("triggered", 1)]
    heartbeats.ping("nightly backup", clock.now())
    assert alerts() == [("resolved", 1)]
    listen(clock, minutes=7)
    assert [status for status, _ in alerts()] == ["resolved", "triggered"]


def test_one_that_cannot_be_told_keeps_no_other_from_being_told(
    clock: Clock, payments: Group
) -> None:
    broken, fine = beat(payments, "broken"), beat(payments, "fine")
    for each in (broken, fine):
        heartbeats.ping(each.key, clock.now())
    listen(clock, minutes=7)
    assert Alert.objects.count() == 2
    for each in (broken, fine):
        heartbeats.ping(each.key, clock.now())
    Alert.objects.filter(source=broken).update(
        status="triggered", resolved_at=None, wake_at=clock.now()
    )
    Heartbeat.objects.filter(pk=broken.pk).update(severity="odd")
    listen(clock, minutes=7)
    assert Alert.objects.filter(source=fine, status="triggered").exists()
    assert Heartbeat.objects.get(pk=broken.pk).due_at is not None, "the watchdog finds it"


def test_its_group_is_paged(clock: Clock, payments: Group, phones: Any) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    listen(clock, minutes=7)
    clock.look()
    assert phones.take() == ["alice"]


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("", "up", "Success"),
        ("0/", "up", "Success"),
        ("fail/", "down", "Failure: disk full"),
        ("fail", "down", "Failure: disk full"),
        ("3/", "down", "Failure: exit code 3 disk full"),
        ("255", "down", "Failure: exit code 255 disk full"),
        ("start/", "waiting", "Started"),
        ("log", "waiting", "Note"),
    ],
)
def test_the_words_healthchecks_users_know(
    client: Client, payments: Group, what: str, status: str, said: str
) -> None:
    backup = beat(payments)
    answer = client.post(f"/heartbeats/{backup.key}/{what}", "disk full", "text/plain")
    assert (answer.status_code, answer.content) == (200, b"OK")
    backup.refresh_from_db()
    assert backup.state == status
    assert backup.last_said.startswith(said)
    assert len(alerts()) == (1 if status == "down" else 0)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("end", ["/", ""])
def test_every_method_a_cron_job_has_counts(
    client: Client, payments: Group, method: str, end: str
) -> None:
    backup = beat(payments)
    assert client.generic(method, f"/heartbeats/{backup.key}{end}").status_code == 200
    backup.refresh_from_db()
    assert (backup.state, backup.ping_count) == (Pulse.UP, 1)


def test_a_stranger_is_told_nothing(client: Client, payments: Group) -> None:
    backup = beat(payments)
    answer = client.get("/heartbeats/" + "0" * 32 + "/")
    assert answer.status_code == 404
    assert answer.json() == {"error": "No heartbeat has this key."}
    assert client.delete(f"/heartbeats/{backup.key}/").status_code == 405
    assert client.get("/heartbeats/nightly backup/").status_code == 404  # a name opens no door
    twin = beat(payments, "0123456789abcdef0123456789abcdef")
    assert client.get(f"/heartbeats/{twin.name}/").status_code == 404
    backup.refresh_from_db()
    assert backup.ping_count == 0


def test_a_failure_pages_at_once_and_a_repeat_is_the_same_alert(
    clock: Clock, payments: Group
) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now(), Said.FAIL, note="exit code 1\nno space left")
    heartbeats.ping(backup.key, clock.now(), Said.FAIL, note="exit code 1\nno space left")
    assert alerts() == [("triggered", 2)]
    alert = Alert.objects.get()
    assert alert.title == "Heartbeat nightly backup reports a failure: exit code 1 no space left"
    assert alert.description == "exit code 1\nno space left"


def test_a_job_that_began_and_hangs_is_late_after_its_grace(clock: Clock, payments: Group) -> None:
    backup = beat(payments, period_seconds=86400, grace_seconds=600)
    heartbeats.ping(backup.key, clock.now())
    heartbeats.ping(backup.key, clock.now(), Said.START)
    listen(clock, minutes=9)
    assert not alerts()
    listen(clock, minutes=2)
    assert alerts() == [("triggered", 1)]
    assert "began and did not end within 10 min" in Alert.objects.get().title
    heartbeats.ping(backup.key, clock.now())
    assert alerts() == [("resolved", 1)]


def test_a_job_that_only_ever_begins_is_late(clock: Clock, payments: Group) -> None:
    backup = beat(payments, period_seconds=600, grace_seconds=1800)
    for _ in range(4):
        heartbeats.ping(backup.key, clock.now(), Said.START)
        listen(clock, minutes=10)
    assert alerts() == [("triggered", 1)]


def test_cron_follows_the_wall_clock_across_daylight_saving(clock: Clock, payments: Group) -> None:
    backup = beat(
        payments, period_seconds=None, cron="30 3 * * *", time_zone="Europe/Vienna",
        grace_seconds=1800,
    )  # fmt: skip
    clock.set(datetime(2026, 3, 28, 2, 30, tzinfo=UTC))  # 03:30 in winter
    heartbeats.ping(backup.key, clock.now())
    backup.refresh_from_db()
    assert backup.due_at == datetime(2026, 3, 29, 2, 0, tzinfo=UTC)  # 03:30 in summer + 30 min


@pytest.mark.parametrize(
    ("cron", "says"),
    [("* * *", "five fields"), ("61 * * * *", "five fields"), ("0 0 31 2 *", "never|five"),
     ("x" * 101, "at most"), ("", "five fields"), ("* * * * mon-xyz", "five fields")],
)  # fmt: skip
def test_a_cron_expression_that_cannot_be_is_refused_in_a_sentence(cron: str, says: str) -> None:
    with pytest.raises(BadCron, match=says):
        check(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))


def test_a_tick_is_after_the_ping_even_within_the_same_minute() -> None:
    at = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert next_tick("30 3 * * *", "UTC", at) == at + timedelta(days=1)


# --- our own downtime


@pytest.mark.parametrize("hours", [0.01, 0.2, 1, 30])
@pytest.mark.parametrize("phase", [0, 14, 35, 56])
def test_an_outage_of_ours_alarms_nobody_who_goes_on_pinging(
    clock: Clock, payments: Group, hours: float, phase: int
) -> None:
    """Pinged every hour at some phase, deaf for a while: whoever pings on is never late."""
    hourly = beat(payments, period_seconds=3600, grace_seconds=60)
    minutely = beat(payments, "minutely", period_seconds=60, grace_seconds=30)
    began = clock.now()
    heartbeats.ping(hourly.key, clock.now())
    listen(clock, minutes=phase, step=10)
    heartbeats.ping(minutely.key, clock.now())
    outage(clock, hours=hours)
    for _ in range(65 * 3):
        clock.set(clock.now() + timedelta(seconds=20))
        Listening.objects.update(until=clock.now() - timedelta(seconds=9))
        since = (clock.now() - began).total_seconds()
        if since % 60 < 20:
            heartbeats.ping("minutely", clock.now())
        if since % 3600 < 20:
            heartbeats.ping(hourly.key, clock.now())
        heartbeats.watch(clock.now())
    assert not alerts()


def test_who_stays_silent_after_our_outage_is_late_as_ever(clock: Clock, payments: Group) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    listen(clock, minutes=1)
    outage(clock, hours=1)
    assert not alerts()
    listen(clock, seconds=290)
    assert not alerts()
    listen(clock, seconds=80)
    assert alerts() == [("triggered", 1)]


def test_while_no_web_process_lives_nobody_is_late(clock: Clock, payments: Group) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    web = LoopBeat.objects.create(
        name="web", beat_at=clock.now(), ends_at=clock.now(), run_id="", host="", pid=0
    )
    heartbeats.watch(clock.now())
    listen(clock, minutes=30)
    assert not alerts()
    for _ in range(12):  # the web is back
        clock.set(clock.now() + timedelta(seconds=5))
        LoopBeat.objects.filter(pk=web.pk).update(beat_at=clock.now())
        heartbeats.watch(clock.now())
    assert not alerts()
    for _ in range(72):
        clock.set(clock.now() + timedelta(seconds=5))
        LoopBeat.objects.filter(pk=web.pk).update(beat_at=clock.now())
        heartbeats.watch(clock.now())
    assert alerts() == [("triggered", 1)]


def test_a_clock_that_goes_back_alarms_nobody(clock: Clock, payments: Group) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    listen(clock, minutes=1)
    clock.set(clock.now() - timedelta(hours=2))
    listen(clock, minutes=2)
    assert not alerts()
    assert Listening.objects.get().until == clock.now()


def test_a_deadline_never_comes_closer_by_an_outage() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    for rhythm in (
        Rhythm(timedelta(minutes=5), timedelta(hours=1)),
        Rhythm(timedelta(minutes=5), cron="*/7 * * * *"),
        Rhythm(timedelta(hours=5), cron="0 3 * * 1", zone="Europe/Vienna"),
    ):
        due = rhythm.deadline(at)
        for minutes in range(0, 400, 9):
            for length in (1, 13, 61, 600):
                shut = at + timedelta(minutes=minutes)
                opened = shut + timedelta(minutes=length)
                if due <= shut:
                    continue
                moved = rhythm.after_outage(due, shut, opened)
                assert moved >= due + (opened - shut)
                assert moved > opened


# --- many of them, at once


@pytest.mark.django_db(transaction=True)
def test_two_loops_make_one_alert(clock: Clock, payments: Group) -> None:
    for number in range(20):
        heartbeats.ping(beat(payments, f"job {number}").key, clock.now())
    listen(clock, seconds=350)
    clock.set(clock.now() + timedelta(seconds=10))
    heartbeats.watch(clock.now() - timedelta(seconds=9))
    errors: list[BaseException] = []

    def loop() -> None:
        try:
            heartbeats.watch(clock.now())
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert alerts() == [("triggered", 1)] * 20


def test_a_look_over_ten_thousand_is_one_statement_by_index(clock: Clock, payments: Group) -> None:
    heartbeats.watch(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH s AS (INSERT INTO alerts_source (name) SELECT 'hb ' || n"
            " FROM generate_series(1, 10000) n RETURNING id)"
            " INSERT INTO integrations_heartbeat (source_ptr_id, group_id, severity,"
            " period_seconds, cron, time_zone, grace_seconds, digest, prefix, state, due_at,"
            " last_said, last_from, ping_count, last_ping_at) SELECT id, %s, 'low', 300, '', 'UTC',"
            " 60, id::text, '', 'up', %s + id * interval '1 second', '', '', 1, %s FROM s",
            [payments.pk, clock.now() + timedelta(hours=1), clock.now()],
        )
        cursor.execute("ANALYZE integrations_heartbeat")
    clock.set(clock.now() + timedelta(seconds=5))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        heartbeats.watch(clock.now())
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT EXISTS (SELECT 1 FROM integrations_heartbeat WHERE due_at <= %s)",
            [clock.now()],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "heartbeat_due" in plan


# --- what must never be


def test_a_living_heartbeat_without_a_deadline_cannot_be_stored(payments: Group) -> None:
    backup = beat(payments)
    for fields in ({"state": "up"}, {"state": "paused", "due_at": "2026-03-02T00:00Z"},
                   {"cron": "* * * * *"}, {"period_seconds": None}, {"group": None}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Heartbeat.objects.filter(pk=backup.pk).update(**fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"period_seconds": None}, "how often"),
        ({"cron": "* * * * *"}, "how often"),
        ({"period_seconds": 5}, "60"),
        ({"grace_seconds": 1}, "30"),
        ({"period_seconds": None, "cron": "nonsense"}, "five fields"),
        ({"period_seconds": None, "cron": "* * * * *", "time_zone": "Mars/Base"}, "zone"),
        ({"group": None}, "somebody must answer"),
        ({"name": ""}, "blank"),
    ],
)
def test_a_heartbeat_that_makes_no_sense_is_refused_whole(
    payments: Group, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        beat(payments, **fields)
    assert says in str(refused.value)
    assert not Heartbeat.objects.exists()


# --- people


def test_a_paused_one_pages_nobody_until_it_is_resumed(clock: Clock, payments: Group) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now())
    actions.pause(backup, actor=None, now=clock.now())
    listen(clock, minutes=20)
    heartbeats.ping(backup.key, clock.now(), Said.FAIL)
    assert not alerts()
    actions.resume(backup, actor=None, now=clock.now())
    listen(clock, minutes=20)
    assert not alerts()
    heartbeats.ping(backup.key, clock.now())
    listen(clock, minutes=7)
    assert alerts() == [("triggered", 1)]


def test_editing_loses_no_ping_and_a_shorter_rhythm_gives_its_grace(
    clock: Clock, payments: Group
) -> None:
    backup = beat(payments, period_seconds=3600)
    stale = Heartbeat.objects.get(pk=backup.pk)
    heartbeats.ping(backup.key, clock.now())
    listen(clock, minutes=30, step=9)
    stale.period_seconds = 60
    actions.save(stale, actor=None, now=clock.now())
    stale.refresh_from_db()
    assert stale.ping_count == 1
    assert stale.due_at == clock.now() + timedelta(seconds=60)


@pytest.fixture
def manager(db: None) -> User:
    return builders.person("Ian", roles=["integrations_admin"])


def test_pages_are_made_edited_and_removed(
    client: Client, manager: User, payments: Group, clock: Clock
) -> None:
    client.force_login(manager)
    wrong = client.post("/integrations/heartbeats/add/", {"name": "x", "grace_seconds": "1 min"})
    assert wrong.status_code == 400
    facts = {"name": "cron on db-1", "period_seconds": "1 h", "grace_seconds": "5 min",
             "time_zone": "UTC", "group": payments.pk, "severity": "high"}  # fmt: skip
    made = client.post("/integrations/heartbeats/add/", facts)
    row = Heartbeat.objects.get()
    assert (row.period_seconds, row.grace_seconds) == (3600, 300)
    key = made.text.partition("/heartbeats/")[2]
    assert made.headers["Cache-Control"] == "no-store"
    assert row.prefix in made.text
    shown = client.get(row.get_absolute_url())
    assert "every 1 h" in shown.text
    assert len(key) > 0
    client.post(f"{row.get_absolute_url()}edit/", {**facts, "name": "cron on db-2"})
    row.refresh_from_db()
    assert row.name == "cron on db-2"
    old = row.digest
    assert client.post(f"{row.get_absolute_url()}key/").status_code == 200
    row.refresh_from_db()
    assert row.digest != old
    client.post(f"{row.get_absolute_url()}pause/")
    row.refresh_from_db()
    assert row.state == Pulse.PAUSED
    client.post(f"{row.get_absolute_url()}resume/")
    client.post(f"{row.get_absolute_url()}delete/")
    assert not Heartbeat.objects.exists()


def test_one_that_has_alerts_is_not_removed(
    client: Client, manager: User, payments: Group, clock: Clock
) -> None:
    backup = beat(payments)
    heartbeats.ping(backup.key, clock.now(), Said.FAIL)
    client.force_login(manager)
    answer = client.post(f"{backup.get_absolute_url()}delete/", follow=True)
    assert "pause it instead" in answer.text
    assert Heartbeat.objects.exists()


def test_responders_see_those_of_groups_they_may_see_and_change_none(
    client: Client, alice: User, mallory: User, payments: Group
) -> None:
    payments.visibility = Group.Visibility.MEMBERS
    payments.save()
    backup = beat(payments)
    client.force_login(alice)
    assert "nightly backup" in client.get("/integrations/heartbeats/").text
    assert client.get(backup.get_absolute_url()).status_code == 200
    assert client.get(f"{backup.get_absolute_url()}edit/").status_code == 403
    assert client.post(f"{backup.get_absolute_url()}pause/").status_code == 403
    assert client.get("/integrations/heartbeats/add/").status_code == 403
    client.force_login(mallory)
    assert "nightly backup" not in client.get("/integrations/heartbeats/").text
    assert client.get(backup.get_absolute_url()).status_code == 404
    assert client.post(f"{backup.get_absolute_url()}key/").status_code == 404


def test_the_list_is_paged_and_costs_the_same_however_many_there_are(
    client: Client, manager: User, payments: Group
) -> None:
    client.force_login(manager)
    counts = []
    for upto in (3, 60):
        for number in range(Heartbeat.objects.count(), upto):
            beat(payments, f"job {number:03}")
        client.get("/integrations/heartbeats/")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/integrations/heartbeats/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "job 049" in page.text
    assert "job 050" not in page.text
    following = client.get("/integrations/heartbeats/?after=job+049")
    assert "job 059" in following.text
    assert "job 049<" not in following.text
    back = client.get("/integrations/heartbeats/?before=job+050")
    assert "job 000" in back.text
    for hostile in ("?after=%00", "?state=purple", "?q=%00", "?before=" + "x" * 5000):
        assert client.get(f"/integrations/heartbeats/{hostile}").status_code == 200


def test_the_api_makes_lists_changes_and_removes(
    client: Client, manager: User, alice: User, payments: Group
) -> None:
    url = "/api/v1/heartbeats/"
    facts = {"name": "etl", "cron": "0 4 * * *", "time_zone": "Europe/Vienna", "group": "payments"}
    assert client.get(url).status_code == 401
    client.force_login(alice)
    assert client.post(url, facts, "application/json").status_code == 403
    client.force_login(manager)
    wrong = client.post(url, {**facts, "cron": "never"}, "application/json")
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])
    made = client.post(url, facts, "application/json").json()
    assert client.get(f"/heartbeats/{made['key']}/").status_code == 200
    assert made["url"].endswith(f"/heartbeats/{made['key']}/")
    one = f"{url}{made['id']}/"
    shown = client.get(one).json()
    assert (shown["state"], shown["key"], shown["ping_count"]) == ("up", None, 1)
    assert client.patch(one, {"grace_seconds": 900}, "application/json").status_code == 200
    assert client.post(f"{one}pause/").json()["state"] == "paused"
    assert client.post(f"{one}resume/").json()["state"] == "waiting"
    assert client.post(f"{one}rotate-key/").json()["key"] != made["key"]
    assert client.get(f"/heartbeats/{made['key']}/").status_code == 404
    for number in range(120):
        beat(payments, f"job {number:03}")
    page = client.get(url).json()
    assert (len(page["results"]), page["next"]) == (100, "job 098")
    assert len(client.get(url, {"after": "job 098"}).json()["results"]) == 21
    assert client.get(url, {"after": "\x00"}).status_code == 400
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
