"""People hear of it when an edit moved their own shifts, and the group of every hand-off.

Everything told is marked first, so nobody hears it twice; where it surely did not leave it is
unmarked and tried again for a while.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from schedules import news_words, rosters, rota, telling
from schedules.models import HandoffNotice, NoticeSettings, ShiftChange
from schedules.rosters import Roster
from schedules.rota import Shift
from schedules.states import Notice, Role, Why
from schedules.telling import News
from schedules.walltime import zone_of

logger = logging.getLogger(__name__)

SETTLE = timedelta(minutes=1)
"""How long a change rests, so that one taken back at once is not told."""
LATE = timedelta(minutes=15)
"""A hand-off that was missed by more is no news."""
GIVE_UP = timedelta(hours=6)
MOST = 50


def tell_changes(now: datetime) -> int:
    """Tell people whose own future shifts an edit moved; return how many were told."""
    told = 0
    for rows in _claim_changes(now):
        first = rows[0]
        gained, lost = news_words.net([(row.gained, row.lost) for row in rows], now)
        if not gained and not lost:
            continue
        zone = zone_of(first.user.time_zone)
        lines = list(dict.fromkeys(_said(row) for row in rows))
        for word, found in (("Now yours:", gained), ("No longer yours:", lost)):
            lines += [word, *news_words.pieces(found, zone)] if found else []
        group = first.schedule.group
        path = f"/schedules/{first.schedule_id}/"
        news = News(f"Your on-call shifts in {group} changed", lines, path, f"shifts-{first.pk}")
        told += 1
        if not telling.tell(first.user, news):
            retry = ShiftChange.objects.filter(made_at__gt=now - GIVE_UP)
            retry.filter(pk__in=[row.pk for row in rows]).update(told_at=None)
    return told


def note_handoffs(now: datetime) -> int:
    """Write down what is to be told of hand-offs; return how many there are. Unique rows see to it
    that nothing is written twice."""
    wanted = {
        row.schedule.group_id: row
        for row in NoticeSettings.objects.filter(
            Q(starts=True) | Q(ends=True) | Q(next=True), schedule__is_active=True
        ).select_related("schedule")
    }
    if not wanted:
        return 0
    longest = max(timedelta(seconds=row.ahead_seconds) for row in wanted.values())
    since, until = now - LATE, now + longest + timedelta(minutes=1)
    notices = [
        notice
        for group, roster in rosters.load(wanted, since, until).items()
        for notice in _notices(wanted[group], roster, now, since)
    ]
    made = HandoffNotice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(made)


def tell_handoffs(now: datetime) -> int:
    """Tell what was written down; return how many were told."""
    told = 0
    for notice in _claim_notices(now):
        told += 1
        if not _tell_handoff(notice, now):
            unsent = HandoffNotice.objects.filter(pk=notice.pk, at__gt=now - LATE)
            unsent.update(sent_at=None)
    return told


@transaction.atomic
def _claim_changes(now: datetime) -> list[list[ShiftChange]]:
    """Mark untold changes as told; return them by person and schedule."""
    due = ShiftChange.objects.filter(told_at=None, made_at__lte=now - SETTLE)
    due = due.select_related("user", "made_by", "schedule__group").order_by("made_at", "pk")
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[: MOST * 4])
    ShiftChange.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)
    found: dict[tuple[int, int], list[ShiftChange]] = defaultdict(list)
    for row in rows:
        if row.user.is_active:
            found[row.user_id, row.schedule_id].append(row)
    return list(found.values())


@transaction.atomic
def _claim_notices(now: datetime) -> list[HandoffNotice]:
    due = HandoffNotice.objects.filter(sent_at=None, at__gt=now - LATE)
    due = due.select_related("user", "schedule__group").order_by("at", "pk")
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[: MOST * 2])
    HandoffNotice.objects.filter(pk__in=[row.pk for row in rows]).update(sent_at=now)
    return rows


def _said(change: ShiftChange) -> str:
    by = f", by {change.made_by}" if change.made_by else ""
    return f"{change.what}{by}."


def _notices(
    wanted: NoticeSettings, roster: Roster, now: datetime, since: datetime
) -> Iterator[HandoffNotice]:
    """Yield what the settings ask for: each shift is told of by itself, turns are not joined."""
    ahead = now + timedelta(seconds=wanted.ahead_seconds)
    for shift in rota.shifts(roster.plan, since, ahead + timedelta(seconds=1)):
        if shift.user is None or shift.source is None or shift.source.why == Why.MEMBER:
            continue
        for kind in _kinds(wanted, shift, now, since, ahead):
            at = shift.end if kind == Notice.ENDS else shift.start
            facts = {"schedule_id": wanted.schedule_id, "kind": kind, "role": shift.role, "at": at}
            yield HandoffNotice(user_id=shift.user, **facts)
            if wanted.to_group and kind != Notice.ENDS:
                yield HandoffNotice(user_id=None, **facts)


def _kinds(
    wanted: NoticeSettings, shift: Shift, now: datetime, since: datetime, ahead: datetime
) -> list[Notice]:
    found = []
    if wanted.starts and since < shift.start <= now:
        found.append(Notice.STARTS)
    if wanted.ends and since < shift.end <= now:
        found.append(Notice.ENDS)
    if wanted.next and now < shift.start <= ahead:
        found.append(Notice.NEXT)
    return found


def _tell_handoff(notice: HandoffNotice, now: datetime) -> bool:
    schedule, role = notice.schedule, Role(notice.role).label
    key = f"handoff-{notice.pk}"
    path = f"/schedules/{schedule.pk}/"
    if notice.user is not None:
        if not notice.user.is_active:
            return True
        zone = zone_of(notice.user.time_zone)
        title = f"{Notice(notice.kind).label}: {role}, {schedule.group}"
        lines = [f"{_when(notice, now)} {notice.at.astimezone(zone):%a %d %b %H:%M %Z}."]
        return telling.tell(notice.user, News(title, lines, path, key))
    reach = timedelta(days=62)
    roster = rosters.load([schedule.group_id], notice.at, notice.at + reach, schedule=schedule.pk)
    shifts = rota.shifts(roster[schedule.group_id].plan, notice.at, notice.at + reach)
    mine = [s for s in shifts if s.role == notice.role and s.start == notice.at and s.user]
    names = dict(User.objects.filter(pk__in=[s.user for s in mine]).values_list("pk", "name"))
    people = " and ".join(names[s.user or 0] for s in mine) or "Nobody"
    verb = "are" if len(mine) > 1 else "is"
    title = f"{schedule.group}: {people} {verb} {role}"
    lines = [news_words.stretch(s.start, s.end, schedule.zone) for s in mine[:1]]
    return telling.tell_group(schedule.group, News(title, lines, path, key))


def _when(notice: HandoffNotice, now: datetime) -> str:
    words = {Notice.STARTS: "Since", Notice.ENDS: "Over since", Notice.NEXT: "From"}
    return words[Notice(notice.kind)]
