"""Reading calendars elsewhere: fetched by the guarded client, understood, and only then stored.

A fetch that fails changes nothing but the note that says so: the last good copy stays in force.
One calendar is in one reader's hands at a time, by a lease, and whoever outlives it stores nothing.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User
from alertops import net
from schedules import calendar_people, calendar_text, past
from schedules.calendar_people import Directory, Known
from schedules.calendar_text import Unreadable
from schedules.models import ImportedCalendar, ImportedEvent
from schedules.walltime import zone_of

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
LEASE = timedelta(minutes=2)
AHEAD = timedelta(weeks=59)  # a little more than anybody looks ahead for a next hand-off
_MONDAY = datetime(2020, 1, 6, tzinfo=UTC)
KEPT = timedelta(days=60)  # of what is over, for drawing
SECONDS = 15.0
MOST_BYTES = 2 * 1024 * 1024
_ACCEPT = "text/calendar, text/plain;q=0.5"


class Unfetched(Exception):
    """Why there is no new copy, in a sentence."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What the other side answered. Without a text: nothing new."""

    text: str | None
    etag: str = ""
    modified: str = ""


def read_due(now: datetime, *, most: int = 3) -> int:
    """Read calendars whose time has come; return how many. Any number of readers may run."""
    read = 0
    while read < most:
        calendar = _claim(now)
        if calendar is None:
            break
        read_one(calendar, now)
        read += 1
    return read


def read_one(calendar: ImportedCalendar, now: datetime) -> str:
    """Fetch and store one calendar; return "" or the sentence that says why not."""
    try:
        copy = fetch(calendar)
        text = calendar.body if copy.text is None else copy.text
        rows, unknown = understand(calendar, text, now)
    except (Unfetched, Unreadable) as refusal:
        _failed(calendar, str(refusal), now)
        return str(refusal)
    _store(calendar, copy, rows, unknown, now)
    return ""


def fetch(calendar: ImportedCalendar) -> Copy:
    """Ask for a newer copy. Raises Unfetched."""
    headers = {"Accept": _ACCEPT}
    if calendar.body:
        if calendar.etag:
            headers["If-None-Match"] = calendar.etag
        if calendar.modified:
            headers["If-Modified-Since"] = calendar.modified
    client = net.Client(guarded=True, seconds=SECONDS, max_bytes=MOST_BYTES + 1)
    try:
        answer = client.request("GET", calendar.url, headers=headers)
    except (net.NotSent, net.MaybeSent) as error:
        raise Unfetched(str(error)) from None
    if answer.status == 304 and calendar.body:
        return Copy(None, calendar.etag, calendar.modified)
    if 300 <= answer.status < 400:
        raise Unfetched("It has moved elsewhere; enter the address it leads to.")
    if answer.status in {401, 403}:
        raise Unfetched("It may not be read without signing in; use its secret address.")
    if answer.status != 200:
        raise Unfetched(f"The other side answered {answer.status}.")
    if len(answer.body) > MOST_BYTES:
        raise Unfetched(f"This calendar is larger than {MOST_BYTES // 1024 // 1024} MB.")
    return Copy(
        answer.body.decode("utf-8-sig", "replace").replace("\0", ""),
        str(answer.headers.get("ETag", ""))[:200],
        str(answer.headers.get("Last-Modified", ""))[:100],
    )


def understand(
    calendar: ImportedCalendar, text: str, now: datetime
) -> tuple[list[ImportedEvent], list[str]]:
    """Return the events to come and who they name, and the names nobody goes by."""
    schedule = calendar.schedule
    occurrences = calendar_text.read(
        text,
        zone=zone_of(calendar.time_zone) if calendar.time_zone else None,
        default=schedule.zone,
        since=now,
        until=_horizon(now),
    )
    members = User.objects.active().filter(memberships__group=schedule.group_id)
    directory = Directory([Known(*row) for row in members.values_list("pk", "name", "email")])
    rows: dict[tuple[object, ...], ImportedEvent] = {}
    strangers: list[str] = []
    for each in occurrences:
        people, unknown = directory.who(each)
        strangers += unknown
        for user, words in [(pk, each.summary) for pk in people] + [(None, w) for w in unknown]:
            row = ImportedEvent(
                calendar=calendar,
                uid=each.uid,
                starts_at=each.start,
                ends_at=each.end,
                summary=words[:300],
                user_id=user,
            )
            rows.setdefault((each.uid, each.start, user, row.summary), row)
    return list(rows.values()), calendar_people.unknown(strangers)


def _horizon(now: datetime) -> datetime:
    """Return how far ahead is read. It moves once a week, so that between two weeks only a change
    of the calendar itself changes anything."""
    week = (now - _MONDAY) // timedelta(weeks=1)
    return _MONDAY + week * timedelta(weeks=1) + AHEAD


@transaction.atomic
def _claim(now: datetime) -> ImportedCalendar | None:
    due = ImportedCalendar.objects.filter(
        Q(next_fetch_at__isnull=True) | Q(next_fetch_at__lte=now), is_enabled=True
    )
    locked = due.select_for_update(skip_locked=True, of=("self",))
    calendar = (
        locked.select_related("schedule__group").order_by(F("next_fetch_at").asc(nulls_first=True))
    ).first()
    if calendar is not None:
        calendar.tried_at, calendar.next_fetch_at = now, now + LEASE
        calendar.save(update_fields=["tried_at", "next_fetch_at"])
    return calendar


def _failed(calendar: ImportedCalendar, sentence: str, now: datetime) -> None:
    """Say so and wait longer each time, six hours at most."""
    failures = calendar.failures + 1
    pause = min(EVERY * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    logger.warning("Calendar %s could not be read: %s", calendar.pk, sentence)
    _mine(calendar).update(
        tried_at=now, failures=failures, error=sentence[:300], next_fetch_at=now + pause
    )


@transaction.atomic
def _store(
    calendar: ImportedCalendar,
    copy: Copy,
    rows: list[ImportedEvent],
    unknown: list[str],
    now: datetime,
) -> None:
    """Put a good copy in force: what is over stays, what is to come is replaced."""
    if not _mine(calendar).select_for_update().exists():
        return
    if _facts(rows) != _facts(calendar.events.filter(ends_at__gt=now)):
        past.settle([calendar.schedule.group_id], now)
        running = [row.starts_at for row in rows if row.starts_at <= now]
        gone = Q(ends_at__gt=now) | Q(ends_at__lte=now - KEPT) | Q(starts_at__in=running)
        calendar.events.filter(gone).delete()
        ImportedEvent.objects.bulk_create(rows, batch_size=500)
    calendar.fetched_at, calendar.tried_at, calendar.next_fetch_at = now, now, now + EVERY
    calendar.etag, calendar.modified = copy.etag, copy.modified
    calendar.failures, calendar.error, calendar.unknown_names = 0, "", unknown
    fields = ["fetched_at", "tried_at", "next_fetch_at", "etag", "modified", "failures", "error"]
    if copy.text is not None:
        calendar.body = copy.text
        fields.append("body")
    calendar.save(update_fields=[*fields, "unknown_names"])


def _mine(calendar: ImportedCalendar) -> QuerySet[ImportedCalendar]:
    """The row, as long as nobody has changed its address or taken it over meanwhile."""
    return ImportedCalendar.objects.filter(pk=calendar.pk, tried_at=calendar.tried_at)


def _facts(rows: Iterable[ImportedEvent]) -> set[tuple[object, ...]]:
    return {(r.uid, r.starts_at, r.ends_at, r.summary, r.user_id) for r in rows}
