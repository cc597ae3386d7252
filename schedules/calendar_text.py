"""Somebody else's iCalendar text into stretches of time and whom they name. Pure.

The text is hostile until proven otherwise: what repeats every minute, what never comes true, what
has more events than any rota is refused in a sentence, and the whole reading has a time budget.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import recurring_ical_events
from icalendar import Calendar
from icalendar.cal import Component

from schedules.walltime import first_instant, last_instant, zone_of

MOST_EVENTS = 5000
MOST_OCCURRENCES = 5000
BUDGET = 20.0  # seconds
_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY"}
_TIMES_A_DAY = 24
_MARGIN = timedelta(days=2)  # an all-day event is looked for in UTC and lies in some zone
_EARLIEST = 1970


class Unreadable(Exception):
    """What is wrong with the text, in a sentence."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event at one time: [start, end) in UTC, and what it says of people."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    attendees: tuple[str, ...]
    """Names and addresses of those invited."""


def read(
    text: str, *, zone: tzinfo | None, default: tzinfo, since: datetime, until: datetime
) -> list[Occurrence]:
    """Return what happens in [since, until), by start. Raises Unreadable.

    Days without a time, and times without a zone, are those of `zone`; where that is None, of
    what the calendar calls its own, and of `default` where it says nothing.
    """
    deadline = time.monotonic() + BUDGET
    calendar = _parsed(text)
    if zone is None:
        named = str(calendar.get("X-WR-TIMEZONE", "")).strip()
        zone = zone_of(named) if named else default
    found: list[Occurrence] = []
    for series in _series(calendar):
        if time.monotonic() > deadline:
            raise Unreadable("This calendar takes too long to read; its repetitions are too many.")
        for event in _expanded(series, since - _MARGIN, until + _MARGIN):
            occurrence = _occurrence(event, zone)
            if occurrence and occurrence.start < until and occurrence.end > since:
                found.append(occurrence)
        if len(found) > MOST_OCCURRENCES:
            raise Unreadable(f"This calendar has more than {MOST_OCCURRENCES} events in a year.")
    return sorted(found, key=lambda each: (each.start, each.uid, each.summary))


def _parsed(text: str) -> Component:
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise Unreadable("This is not a calendar; the address must lead to an iCalendar file.")
    if text.upper().count("BEGIN:VEVENT") > MOST_EVENTS:
        raise Unreadable(f"This calendar has more than {MOST_EVENTS} events.")
    try:
        return Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise Unreadable("This calendar is damaged and cannot be read.") from error


def _series(calendar: Component) -> Iterator[Calendar]:
    """Cut the calendar into one per UID, so that each is bounded by itself."""
    zones = calendar.walk("VTIMEZONE")
    by_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(calendar.walk("VEVENT")):
        if not event.errors or "DTSTART" in event:
            by_uid[str(event.get("UID") or f"event-{number}")].append(event)
    for events in by_uid.values():
        series = Calendar()
        if "X-WR-TIMEZONE" in calendar:
            series.add("X-WR-TIMEZONE", calendar["X-WR-TIMEZONE"])
        for part in (*zones, *events):
            series.add_component(part)
        for event in events:
            _bound(event)
        yield series


def _bound(event: Component) -> None:
    """Refuse repetitions no rota needs."""
    rules: Any = event.get("RRULE") or []
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        if frequency not in _FREQUENCIES:
            raise Unreadable("An event repeats every minute or second; the shortest is every hour.")
        times = 1
        for part in ("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"):
            times *= len(rule.get(part) or [0])
        if times > _TIMES_A_DAY:
            raise Unreadable("An event repeats more than 24 times a day.")


def _expanded(series: Calendar, since: datetime, until: datetime) -> Sequence[Any]:
    for event in series.walk("VEVENT"):
        start = _value(event, "DTSTART")
        if start is None:
            return []
        if start.year < _EARLIEST and "RRULE" in event:
            raise Unreadable("An event repeats since before 1970.")
    try:
        events: Sequence[Any] = recurring_ical_events.of(series).between(since, until)
    except Exception as error:
        raise Unreadable("This calendar has a repetition that cannot be understood.") from error
    return events


def _occurrence(event: Component, zone: tzinfo) -> Occurrence | None:
    """Return the event in UTC; None for what is called off, has no length or no sane time."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    start, end = _value(event, "DTSTART"), _value(event, "DTEND")
    if start is None:
        return None
    if end is None:
        length = _value(event, "DURATION")
        whole = timedelta(days=1) if not isinstance(start, datetime) else timedelta()
        end = start + (length if isinstance(length, timedelta) else whole)
    try:
        begins, ends = _instant(start, zone, first_instant), _instant(end, zone, last_instant)
    except (OverflowError, ValueError):
        return None
    if ends <= begins:
        return None
    invited = event.get("ATTENDEE") or []
    return Occurrence(
        str(event.get("UID") or "")[:255],
        begins,
        ends,
        " ".join(str(event.get("SUMMARY") or "").split())[:300],
        tuple(_attendee(who) for who in (invited if isinstance(invited, list) else [invited])),
    )


def _value(event: Component, name: str) -> Any:
    try:
        return getattr(event.get(name), "dt", None)
    except ValueError:  # a property that is broken
        return None


def _instant(value: date | datetime, zone: tzinfo, of_wall: Any) -> datetime:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day on the wall
    if value.tzinfo is None:
        instant: datetime = of_wall(value, zone)
        return instant
    return value.astimezone(UTC)


def _attendee(who: Any) -> str:
    address = str(who)
    return address[7:] if address.lower().startswith("mailto:") else address
