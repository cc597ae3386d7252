"""Reading somebody else's calendar: whose clock counts, and what is refused."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules import calendar_text
from schedules.calendar_text import Unreadable

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
VIENNA, TOKYO = ZoneInfo("Europe/Vienna"), ZoneInfo("Asia/Tokyo")


def event(*lines: str, uid: str = "one", summary: str = "Ann") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", *lines, "END:VEVENT"])


def text(*events: str, head: str = "") -> str:
    top = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Elsewhere//EN", *filter(None, [head])]
    return "\r\n".join([*top, *events, "END:VCALENDAR", ""])


def read(body: str, **given: object) -> list[tuple[str, str]]:
    plain = {"zone": None, "default": VIENNA, "since": SINCE, "until": UNTIL}
    found = calendar_text.read(body, **(plain | given))  # type: ignore[arg-type]
    return [(f"{each.start:%d %H:%M}", f"{each.end:%d %H:%M}") for each in found]


ALL_DAY = event("DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260311")


def test_an_all_day_event_lies_in_the_zone_that_is_set_for_the_calendar() -> None:
    assert read(text(ALL_DAY), zone=TOKYO) == [("09 15:00", "10 15:00")]


def test_else_in_the_zone_the_calendar_names_as_its_own() -> None:
    named = text(ALL_DAY, head="X-WR-TIMEZONE:America/New_York")
    assert read(named) == [("10 04:00", "11 04:00")]


def test_else_in_the_zone_of_the_schedule() -> None:
    assert read(text(ALL_DAY)) == [("09 23:00", "10 23:00")]


def test_an_all_day_event_over_a_change_of_the_clocks_is_as_long_as_that_day() -> None:
    short = event("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330")
    assert read(text(short)) == [("28 23:00", "29 22:00")]


def test_a_day_without_an_end_is_that_day_and_a_time_without_one_is_nothing() -> None:
    assert read(text(event("DTSTART;VALUE=DATE:20260310"))) == [("09 23:00", "10 23:00")]
    assert read(text(event("DTSTART:20260310T090000Z"))) == []


def test_a_time_without_a_zone_is_on_the_calendars_clock() -> None:
    floating = event("DTSTART:20260310T090000", "DTEND:20260310T170000")
    assert read(text(floating)) == [("10 08:00", "10 16:00")]
    assert read(text(floating), zone=TOKYO) == [("10 00:00", "10 08:00")]


def test_a_weekly_event_keeps_its_hour_over_the_change_of_the_clocks() -> None:
    weekly = event(
        "DTSTART;TZID=Europe/Vienna:20260319T090000", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;COUNT=3"
    )
    assert read(text(weekly)) == [
        ("19 08:00", "19 16:00"),
        ("26 08:00", "26 16:00"),
        ("02 07:00", "02 15:00"),
    ]


def test_exceptions_and_moved_occurrences_count() -> None:
    series = event(
        "DTSTART:20260310T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;COUNT=4",
        "EXDATE:20260311T090000Z",
    )
    moved = event("RECURRENCE-ID:20260312T090000Z", "DTSTART:20260312T120000Z", "DURATION:PT1H")
    off = event("RECURRENCE-ID:20260313T090000Z", "DTSTART:20260313T090000Z", "STATUS:CANCELLED")
    assert read(text(series, moved, off)) == [("10 09:00", "10 10:00"), ("12 12:00", "12 13:00")]


def test_a_rule_without_an_end_is_followed_only_as_far_as_asked() -> None:
    endless = event("DTSTART:20260101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    assert len(read(text(endless))) == 61


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<html>Sign in</html>", "This is not a calendar"),
        ("", "This is not a calendar"),
        (text(event("DTSTART:20260101T090000Z", "RRULE:FREQ=SECONDLY")), "every minute or second"),
        (text(event("DTSTART:20260101T090000Z", "RRULE:FREQ=MINUTELY")), "every minute or second"),
        (
            text(
                event(
                    "DTSTART:20260101T090000Z",
                    "DURATION:PT1M",
                    "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40,50",
                )
            ),
            "more than 24 times a day",
        ),
        (
            text(event("DTSTART:00010102T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")),
            "since before 1970",
        ),
        (
            text(event("DTSTART:20260101T090000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY")),
            None,
        ),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VTODO\r\n", "damaged"),
        (text(*[event("DTSTART:20260310T090000Z")] * 5001), "more than 5000 events"),
        (
            text(
                *[
                    event("DTSTART:20260301T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY", uid=u)
                    for u in "abcdef"
                ]
            ),
            "more than 5000 events in a year",
        ),
    ],
)
def test_a_calendar_beyond_reason_is_refused_in_one_sentence(
    body: str, sentence: str | None
) -> None:
    if sentence is None:
        assert len(read(body)) == 61 * 24
        return
    with pytest.raises(Unreadable, match=sentence):
        read(body)


def test_rules_that_never_come_true_cannot_hold_the_reader_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_text, "BUDGET", 1.0)
    never = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    events = [event("DTSTART:20200101T090000Z", "DURATION:PT1H", never, uid=str(n)) for n in "1234"]
    began = time.monotonic()
    with pytest.raises(Unreadable, match="takes too long"):
        read(text(*events))
    assert time.monotonic() - began < 30


def test_a_damaged_event_does_not_take_the_others_with_it() -> None:
    good = event("DTSTART:20260310T090000Z", "DURATION:PT1H", uid="good")
    bad = event("DTSTART:yesterday", uid="bad")
    assert read(text(bad, good)) == [("10 09:00", "10 10:00")]


def test_five_thousand_events_are_read_within_the_budget() -> None:
    at = SINCE
    events = [
        event(
            f"DTSTART:{at + timedelta(minutes=15 * n):%Y%m%dT%H%M%SZ}", "DURATION:PT15M", uid=str(n)
        )
        for n in range(4900)
    ]
    began = time.monotonic()
    assert len(read(text(*events))) == 4900
    assert time.monotonic() - began < calendar_text.BUDGET
