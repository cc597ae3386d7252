"""Final shifts as an iCalendar text. Pure: the same shifts give the same bytes.

Every entry keeps its UID for as long as it stands for the same stretch of the same layer, so that
a client updates it when an edit moves its end or its person, and never shows it twice. SEQUENCE
grows with every change of the calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from icalendar import Alarm, Calendar, Event

from schedules.rota import Shift
from schedules.states import Role

ALARM = timedelta(minutes=-15)
REFRESH = timedelta(minutes=15)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One final shift of somebody, and what a reader is told of it."""

    shift: Shift
    zone: tzinfo
    title: str
    why: str
    url: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a feed says about itself. What began before `since` is not known."""

    name: str
    host: str
    since: datetime
    until: datetime
    changed_at: datetime
    """When anything it is made of was last changed."""
    has_alarms: bool = False


def write(sheet: Sheet, entries: Sequence[Entry]) -> bytes:
    """Return the calendar; `entries` by start. The last one says that it is cut off there."""
    calendar = Calendar()
    for name, value in (
        ("prodid", "-//AlertOps//On call//EN"),
        ("version", "2.0"),
        ("method", "PUBLISH"),
        ("x-wr-calname", sheet.name),
        ("name", sheet.name),
        ("x-published-ttl", "PT15M"),
    ):
        calendar.add(name, value)
    calendar.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})
    for entry, uid in zip(entries, _uids(sheet, entries), strict=True):
        calendar.add_component(_event(sheet, entry, uid))
    calendar.add_component(_cut(sheet))
    return bytes(calendar.to_ical())


def sequence(at: datetime) -> int:
    """Return a revision number that grows with the instant of the last change."""
    return max(0, int((at - _EPOCH) / timedelta(seconds=1)))


def _uids(sheet: Sheet, entries: Sequence[Entry]) -> list[str]:
    """Name each stretch by its layer, its turn, its role and the day it begins on.

    One that runs into the window has its true start outside, so its day is left out.
    """
    seen: dict[str, int] = {}
    found = []
    for entry in entries:
        shift, source = entry.shift, entry.shift.source
        layer = f"{source.why.value}-{source.id}-{source.turn}" if source else "gap"
        begun = shift.start <= sheet.since
        day = "begun" if begun else f"{shift.start.astimezone(entry.zone):%Y%m%d}"
        name = f"{layer}-{shift.role.value}-{day}"
        seen[name] = number = seen.get(name, -1) + 1
        found.append(f"{name}-{number}@{sheet.host}")
    return found


def _event(sheet: Sheet, entry: Entry, uid: str) -> Event:
    event = Event()
    shift = entry.shift
    event.add("uid", uid)
    event.add("dtstamp", sheet.changed_at)
    event.add("last-modified", sheet.changed_at)
    event.add("sequence", sequence(sheet.changed_at))
    event.add("dtstart", shift.start.astimezone(UTC))
    event.add("dtend", shift.end.astimezone(UTC))
    event.add("summary", entry.title)
    event.add("description", f"{entry.why}\n{entry.url}")
    event.add("url", entry.url)
    event.add("categories", [Role(shift.role).label])
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if sheet.has_alarms:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.title)
        alarm.add("trigger", ALARM)
        event.add_component(alarm)
    return event


def _cut(sheet: Sheet) -> Event:
    """Say where the calendar ends, so that nobody takes an empty autumn for a free one."""
    event = Event()
    event.add("uid", f"cut@{sheet.host}")
    event.add("dtstamp", sheet.since)
    event.add("sequence", sequence(sheet.since))
    event.add("dtstart", sheet.until.date())
    event.add("dtend", sheet.until.date() + timedelta(days=1))
    event.add("summary", "On-call calendar ends here")
    event.add("description", "Later shifts appear when their day comes closer.")
    event.add("transp", "TRANSPARENT")
    return event
