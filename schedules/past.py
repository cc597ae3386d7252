"""The record of who was on call: written before anything that decides it is changed.

What will be is a rule, what was is a record: no edit, no departure and no decree about the clocks
changes it. Whoever asks about an instant before `Settled.until` reads what is written here.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from alertops import clock
from schedules import oncall, rosters, rota
from schedules.models import PastDuty, Schedule, Settled
from schedules.rosters import Roster

REACH = timedelta(days=366)  # how far back the first record of a schedule goes at most
_BATCH = 1000


@transaction.atomic
def settle(group_ids: Iterable[int], now: datetime) -> None:
    """Write down who was on call in these groups up to `now`, as the rules stand.

    Call it first, in the transaction of the change: it also makes two changes of one group wait
    for each other. The record never runs ahead of the database's clock, whatever the caller's
    says: changes made in the meantime would not be in force.
    """
    ids = sorted(set(group_ids))
    now = min(now, clock.db_now())
    _begin(ids, now)
    rows = Settled.objects.select_for_update().filter(pk__in=ids, until__lt=now).order_by("pk")
    due = {row.pk: row.until for row in rows}
    if not due:
        return
    found = rosters.load(due, min(due.values()), now)
    written: list[PastDuty] = []
    for group, since in due.items():
        written.extend(_duties(found[group], since, now))
    PastDuty.objects.bulk_create(written, batch_size=_BATCH)
    Settled.objects.filter(pk__in=due).update(until=now)


def settle_all(now: datetime) -> int:
    """Settle every group that has a schedule, each by itself; return how many."""
    found = Schedule.objects.order_by("group_id").values_list("group_id", flat=True)
    groups = list(found.distinct())
    for group in groups:
        settle([group], now)
    return len(groups)


def _begin(ids: list[int], now: datetime) -> None:
    """Open the record of groups that have none: at the beginning of their schedule, if any."""
    missing = set(ids) - set(Settled.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if not missing:
        return
    schedules = Schedule.objects.active().filter(group__in=missing)
    made = dict(schedules.values_list("group_id", "created_at"))
    begins = {pk: max(min(made.get(pk, now), now), now - REACH) for pk in sorted(missing)}
    Settled.objects.bulk_create(
        [Settled(pk=pk, since=at, until=at) for pk, at in begins.items()], ignore_conflicts=True
    )


def _duties(roster: Roster, since: datetime, until: datetime) -> list[PastDuty]:
    return [
        PastDuty(
            group_id=roster.group,
            user_id=shift.user,
            role=shift.role,
            starts_at=shift.start,
            ends_at=shift.end,
            why=shift.source.why,
            source_id=shift.source.id,
            turn=shift.source.turn,
            words=oncall.why(roster, shift.source)[:300],
        )
        for shift in rota.shifts(roster.plan, since, until)
        if shift.user is not None and shift.source is not None
    ]
