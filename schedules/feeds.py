"""Calendar feeds: found by their secret, filled with the final shifts their owner may see."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max, Q

from accounts.models import User
from groups.models import Group
from schedules import feed_text, oncall, rosters, rota
from schedules.feed_text import Entry, Sheet
from schedules.models import CalendarFeed, Schedule, Settled
from schedules.rosters import Roster
from schedules.rota import Shift
from schedules.states import Role, Why

BACK, AHEAD = timedelta(days=15), timedelta(days=180)
MARGIN = timedelta(days=45)  # looked at on both sides, so that a shift has its true ends
_USED_EVERY = timedelta(minutes=10)  # how exact `used_at` is
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is read: the calendar, and the tag that says whether it changed."""

    body: bytes
    etag: str


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str, now: datetime) -> CalendarFeed | None:
    """Return the live feed of an active owner who may still see what it shows, or None."""
    if not _TOKEN.fullmatch(token):
        return None
    live = CalendarFeed.objects.live().filter(digest=digest(token), user__is_active=True)
    feed = live.select_related("user", "schedule__group", "group").first()
    if feed is None or not _may_see(feed):
        return None
    stale = Q(used_at__isnull=True) | Q(used_at__lt=now - _USED_EVERY)
    if feed.used_at is None or feed.used_at < now - _USED_EVERY:
        CalendarFeed.objects.filter(stale, pk=feed.pk).update(used_at=now)
    return feed


def read(feed: CalendarFeed, now: datetime) -> Feed:
    """Return the final shifts from 15 days back to 180 ahead, in a number of queries that does
    not grow. The window moves at midnight UTC, so within a day only changes change it."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    since, until = today - BACK, today + AHEAD
    seen = since - MARGIN, until + MARGIN
    found = _rosters(feed, *seen)
    groups = Group.objects.in_bulk(found)
    only = None if feed.schedule_id or feed.group_id else feed.user_id
    entries = [
        entry
        for group, roster in found.items()
        for entry in _entries(roster, groups[group].name, only, seen)
        if entry.shift.end > since and entry.shift.start < until
    ]
    entries.sort(key=lambda entry: (entry.shift.start, entry.shift.role, entry.shift.user))
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    changed = _changed_at(found)
    sheet = Sheet(_name(feed), host, seen[0], until, changed, has_alarms=only is not None)
    body = feed_text.write(sheet, entries)
    return Feed(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _may_see(feed: CalendarFeed) -> bool:
    if feed.schedule_id:
        return Schedule.objects.visible_to(feed.user).filter(pk=feed.schedule_id).exists()
    if feed.group_id:
        return Group.objects.visible_to(feed.user).filter(pk=feed.group_id).exists()
    return True


def _rosters(feed: CalendarFeed, since: datetime, until: datetime) -> dict[int, Roster]:
    if feed.schedule is not None:
        return rosters.load([feed.schedule.group_id], since, until, schedule=feed.schedule.pk)
    if feed.group_id:
        return rosters.load([feed.group_id], since, until)
    mine = Group.objects.active().filter(members__user=feed.user_id)
    return rosters.load(list(mine.values_list("pk", flat=True)), since, until)


def _entries(
    roster: Roster, group: str, only: int | None, window: tuple[datetime, datetime]
) -> Iterable[Entry]:
    """Return the shifts of everybody, or of one; a standing order is no shift: it never ends."""
    shifts = [
        shift
        for shift in rota.shifts(roster.plan, *window)
        if shift.user is not None
        and shift.source is not None
        and shift.source.why != Why.MEMBER
        and only in (None, shift.user)
    ]
    names: dict[int, str] = {}
    if only is None:
        people = User.objects.filter(pk__in={shift.user for shift in shifts})
        names = dict(people.values_list("pk", "name"))
    url = f"{settings.PUBLIC_URL}/schedules/{roster.schedule}/"
    for shift in shifts:
        title = _title(shift, group, names.get(shift.user or 0, ""))
        yield Entry(shift, roster.zone, title, oncall.why(roster, shift.source), url)


def _title(shift: Shift, group: str, person: str) -> str:
    role = Role(shift.role).label
    return f"{person} · {role} · {group}" if person else f"On call · {role} · {group}"


def _changed_at(found: dict[int, Roster]) -> datetime:
    """Return when anything that decides these shifts was last changed: the past is settled then."""
    settled = Settled.objects.filter(group__in=found).aggregate(at=Max("until"))["at"]
    numbers = [roster.schedule for roster in found.values() if roster.schedule]
    made = Schedule.objects.filter(pk__in=numbers).aggregate(at=Max("created_at"))["at"]
    known = [at for at in (settled, made) if at is not None]
    return max(known, default=_LONG_AGO).astimezone(UTC)


def _name(feed: CalendarFeed) -> str:
    if feed.schedule is not None:
        return f"{feed.schedule.group} · {feed.schedule}"
    return str(feed.group) if feed.group else f"On call · {feed.user}"
