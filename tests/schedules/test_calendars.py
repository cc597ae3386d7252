"""A calendar elsewhere as a layer: fetched with care, the last good copy kept."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from accounts.models import User
from schedules import actions, calendars, oncall
from schedules.models import ImportedCalendar, ImportedEvent, PastDuty, Schedule
from tests.schedules.rows import NOW
from tests.schedules.test_calendar_text import event, text

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Host:
    """What the other side answers, and what it was asked."""

    def __init__(self) -> None:
        self.body, self.status, self.headers = b"", 200, dict[str, str]()
        self.asked: list[dict[str, str]] = []
        self.pause: float | None = None
        """Seconds between lines of a body that never ends; None: it ends."""
        self.url = ""


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    here = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(dict(self.headers.items()))
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if here.status == 200:
                self.wfile.write(here.body)
            with suppress(OSError):  # whoever listens has had enough
                while here.pause is not None:
                    self.wfile.write(b"X-MORE:" + b"x" * 60 + b"\r\n")
                    time.sleep(here.pause)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_port}/team.ics"
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def layer(schedule: Schedule, host: Host, frozen: object) -> ImportedCalendar:
    plain = ImportedCalendar(schedule=schedule, name="Team", url=host.url)
    return actions.save_calendar(plain, actor=None, now=NOW)


def shift(start: int, hours: int, summary: str = "Ann", **more: Any) -> str:
    """An event some hours from now."""
    begins = NOW + start * HOUR
    return event(
        f"DTSTART:{begins:%Y%m%dT%H%M%SZ}", f"DURATION:PT{hours}H", summary=summary, **more
    )


def serve(host: Host, *events: str) -> None:
    host.body = text(*events).encode()


def known(layer: ImportedCalendar) -> list[tuple[Any, str]]:
    return [(row.user, row.summary) for row in layer.events.select_related("user")]


def test_whoever_an_event_names_is_on_call_while_it_lasts(layer, host, ann, ben) -> None:
    serve(host, shift(-1, 3, "Ann"), shift(5, 2, "Ben", uid="two"))
    assert calendars.read_due(NOW) == 1
    for at, people in ((0, (ann.pk,)), (6, (ben.pk,))):
        assert (
            oncall.on_call([layer.schedule.group_id], NOW + at * HOUR)[
                layer.schedule.group_id
            ].primary
            == people
        )
    layer.refresh_from_db()
    assert (layer.fetched_at, layer.error, layer.unknown_names) == (NOW, "", [])


def test_a_name_nobody_goes_by_is_shown_not_silently_left_out(layer, host) -> None:
    serve(host, shift(1, 1, "Dora"), shift(3, 1, "Ann, Emil", uid="two"))
    calendars.read_due(NOW)
    layer.refresh_from_db()
    assert layer.unknown_names == ["Dora", "Emil"]
    assert {(str(user), summary) for user, summary in known(layer)} == {
        ("None", "Dora"),
        ("Ann", "Ann, Emil"),
        ("None", "Emil"),
    }


def test_all_day_events_lie_in_the_calendars_own_zone(layer, host, ann) -> None:
    layer.time_zone = "Asia/Tokyo"
    actions.save_calendar(layer, actor=None, now=NOW)
    serve(host, event("DTSTART;VALUE=DATE:20260109", "DTEND;VALUE=DATE:20260110"))
    calendars.read_due(NOW)
    row = layer.events.get()
    assert (row.starts_at.isoformat(), row.ends_at - row.starts_at) == (
        "2026-01-08T15:00:00+00:00",
        DAY,
    )


@pytest.mark.parametrize(
    ("status", "headers", "body", "sentence"),
    [
        (500, {}, b"", "The other side answered 500."),
        (404, {}, b"", "The other side answered 404."),
        (403, {}, b"", "It may not be read without signing in; use its secret address."),
        (302, {"Location": "http://elsewhere/"}, b"", "It has moved elsewhere"),
        (200, {}, b"<html>", "This is not a calendar"),
        (200, {}, b"x" * 3_000_000, "This calendar is larger than 2 MB."),
        (
            200,
            {"Content-Length": "52428800"},
            b"x" * 52_428_800,
            "This calendar is larger than 2 MB",
        ),
    ],
)
def test_when_a_fetch_fails_the_last_good_copy_stays_and_the_page_says_why(
    layer, host, status, headers, body, sentence
) -> None:
    serve(host, shift(1, 1))
    calendars.read_due(NOW)
    host.status, host.headers, host.body = status, headers, body
    later = NOW + calendars.EVERY
    assert calendars.read_due(later) == 1
    layer.refresh_from_db()
    assert sentence in layer.error
    assert (layer.failures, layer.fetched_at, layer.events.count()) == (1, NOW, 1)
    assert b"BEGIN:VEVENT" in layer.body.encode()


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_a_calendar_that_never_ends_is_left_and_the_last_good_copy_stays(
    layer, host, pause, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(host, shift(1, 1))
    calendars.read_due(NOW)
    monkeypatch.setattr(calendars, "SECONDS", 1.0)
    host.pause = pause
    began = time.monotonic()
    assert calendars.read_due(NOW + calendars.EVERY) == 1
    assert time.monotonic() - began < 10
    layer.refresh_from_db()
    assert layer.error
    assert (layer.failures, layer.fetched_at, layer.events.count()) == (1, NOW, 1)
    host.pause = None


def test_it_asks_less_and_less_often_while_it_fails_and_recovers_at_once(layer, host) -> None:
    host.status = 500
    now, pauses = NOW, []
    for _ in range(7):
        calendars.read_due(now)
        layer.refresh_from_db()
        pauses.append((layer.next_fetch_at - now) // timedelta(minutes=15))
        now = layer.next_fetch_at
    assert pauses == [1, 2, 4, 8, 16, 24, 24]
    host.status = 200
    serve(host, shift(48, 1))
    calendars.read_due(now)
    layer.refresh_from_db()
    assert (layer.failures, layer.error, layer.next_fetch_at) == (0, "", now + calendars.EVERY)


def test_an_unchanged_calendar_is_not_sent_again(layer, host, ann) -> None:
    serve(host, shift(1, 1))
    host.headers = {"ETag": '"v1"', "Last-Modified": "Wed, 07 Jan 2026 10:00:00 GMT"}
    calendars.read_due(NOW)
    host.status = 304
    calendars.read_due(NOW + calendars.EVERY)
    assert host.asked[1]["If-None-Match"] == '"v1"'
    assert host.asked[1]["If-Modified-Since"] == "Wed, 07 Jan 2026 10:00:00 GMT"
    layer.refresh_from_db()
    assert (layer.error, layer.events.count()) == ("", 1)


def test_a_new_address_is_not_asked_for_the_old_ones_version(layer, host) -> None:
    serve(host, shift(1, 1))
    host.headers = {"ETag": '"v1"'}
    calendars.read_due(NOW)
    layer.refresh_from_db()
    layer.url = host.url + "?other"
    actions.save_calendar(layer, actor=None, now=NOW)
    assert calendars.read_due(NOW) == 1
    assert "If-None-Match" not in host.asked[1]


def test_a_changed_calendar_changes_only_what_is_to_come(layer, host, ann, ben, clock_at) -> None:
    group = layer.schedule.group_id
    serve(host, shift(-1, 6, "Ann"))
    calendars.read_due(NOW)
    serve(host, shift(-1, 6, "Ben"))
    later = clock_at(NOW + HOUR)
    calendars.read_due(later)
    assert oncall.on_call([group], NOW + HOUR / 2)[group].primary == (ann.pk,)
    assert oncall.on_call([group], later)[group].primary == (ben.pk,)
    assert PastDuty.objects.filter(user=ann).exists()


def test_reading_the_same_again_writes_nothing(layer, host) -> None:
    serve(host, shift(1, 1), shift(400 * 24, 1, uid="far"))
    calendars.read_due(NOW)
    before = set(layer.events.values_list("pk", flat=True))
    calendars.read_due(NOW + calendars.EVERY)
    assert set(layer.events.values_list("pk", flat=True)) == before
    assert len(before) == 2


def test_private_addresses_are_not_asked(layer, host, settings) -> None:
    settings.ALLOW_PRIVATE_TARGETS = []
    serve(host, shift(1, 1))
    calendars.read_due(NOW)
    layer.refresh_from_db()
    assert "is not a public address" in layer.error
    assert host.asked == []


def test_two_readers_do_not_read_one_calendar(layer, host) -> None:
    serve(host, shift(1, 1))
    held = calendars._claim(NOW)
    assert held == layer
    assert calendars.read_due(NOW) == 0
    assert calendars.read_due(NOW + calendars.LEASE) == 1  # a reader that died gives it back
    assert calendars.read_one(held, NOW) == ""  # and if it lives after all, stores nothing
    layer.refresh_from_db()
    assert layer.fetched_at == NOW + calendars.LEASE


def test_a_calendar_switched_off_is_not_read(layer, host) -> None:
    layer.is_enabled = False
    actions.save_calendar(layer, actor=None, now=NOW)
    assert calendars.read_due(NOW) == 0


def test_somebody_who_left_the_group_is_unknown_at_the_next_reading(layer, host, ann) -> None:
    serve(host, shift(1, 1))
    calendars.read_due(NOW)
    assert ImportedEvent.objects.get().user == ann
    layer.schedule.group.members.filter(user=ann).delete()
    calendars.read_due(NOW + calendars.EVERY)
    layer.refresh_from_db()
    assert ImportedEvent.objects.get().user is None
    assert layer.unknown_names == ["Ann"]
    assert User.objects.filter(pk=ann.pk).exists()
