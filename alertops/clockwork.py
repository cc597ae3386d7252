"""What django-q2 runs, in one literal table: the loops' starters and the housekeeping.

Its Schedule rows are made from this table and from nothing else, because one malformed row stops
all of them. A row only starts a loop that is not running; the loops hand over by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from alertops import fence, identity, loops
from alerts.tasks import give_back_what_was_left
from alerts.wakes import bring_nearer as bring_alerts_nearer
from escalation.dispatch import Dispatcher
from escalation.engine import tick
from escalation.sweep import bring_nearer as bring_pages_nearer
from escalation.tasks import outbox as run_outbox
from escalation.tasks import tell_of_lost_methods
from escalation.tasks import tick as run_tick
from integrations.outbound.sender import LOOP as OUTBOUND
from integrations.set_back import bring_nearer as bring_events_nearer
from integrations.tasks import inbox as run_inbox
from integrations.tasks import tell_of_dead_ends, tell_other_tools
from integrations.tasks import work as inbox_work
from schedules.tasks import fill_holidays, keep_past, read_calendars, tell_of_shifts


@dataclass(frozen=True)
class Loop:
    """A loop: the task that runs it, and how to look once when nobody else does."""

    name: str
    task: Callable[[], object]
    rescue: Callable[[Callable[[], bool]], object]


def _rescue_outbox(stop: Callable[[], bool]) -> None:
    dispatcher = Dispatcher()
    try:
        loops.run("outbox", dispatcher.work, seconds=30, stop=stop, yielding=True)
    finally:
        dispatcher.close()


LOOPS = (
    Loop(
        "inbox",
        run_inbox,
        lambda stop: loops.run("inbox", inbox_work, seconds=30, stop=stop, yielding=True),
    ),
    Loop(
        "tick",
        run_tick,
        lambda stop: loops.run("tick", tick, seconds=30, stop=stop, yielding=True),
    ),
    Loop("outbox", run_outbox, _rescue_outbox),
)


CHORES = (
    (give_back_what_was_left, 1),
    (tell_of_lost_methods, 1),
    (read_calendars, 1),
    (tell_of_shifts, 1),
    (tell_other_tools, 1),
    (tell_of_dead_ends, 1),
    (fill_holidays, 24 * 60),
    (keep_past, 24 * 60),
)
"""(task, minutes): ordinary work that no page waits for. It rests with the loops, see `chore`."""

LOOPING = ((OUTBOUND, tell_other_tools),)
"""(loop, task): chores that are loops. One that died is only asked for again, see the watchdog."""

WAITING = (bring_alerts_nearer, bring_pages_nearer, bring_events_nearer)
"""What is asked to bring nearer all that waits, where the clock was set back (`set_back`)."""


def chore(name: str) -> object:
    """Do one of them: django-q2's only door to all of them.

    Many send something or read what belongs to others. A house that may not page, a copy or an
    older release, does none of it; returns why.
    """
    if reason := identity.held() or fence.sentence():
        return reason
    return next(task for task, _ in CHORES if task.__name__ == name)()


def canary() -> None:
    """Prove that the cluster takes a task, runs it and is done with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO alertops_loopbeat (name, beat_at, ends_at, run_id, host, pid, work_count)
            VALUES ('canary', clock_timestamp(), clock_timestamp(), '', '', 0, 1)
            ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at,
                work_count = alertops_loopbeat.work_count + 1
            """
        )


@transaction.atomic
def ensure_schedules(now: datetime) -> None:
    """Make django-q2's rows say exactly what this table says."""
    rows: dict[str, tuple[Callable[..., object], str | None, int]] = {
        f"loop {loop.name}": (loop.task, None, 1) for loop in LOOPS
    }
    for task, minutes in CHORES:
        rows[f"chore {task.__name__}"] = (chore, repr(task.__name__), minutes)
    for name, (entry, words, minutes) in rows.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": f"{entry.__module__}.{entry.__qualname__}",
                "args": words,
                "kwargs": None,
                "hook": None,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
                "next_run": now,
                "cluster": None,
                "intended_date_kwarg": None,
            },
        )
    Schedule.objects.exclude(name__in=rows).delete()


def start_loops() -> None:
    """Ask for every loop now: the scheduler would take up to half a minute."""
    for loop in LOOPS:
        async_task(loop.task)


def clear_queue() -> None:
    """Drop what an earlier cluster left: our rows say what is to be done, not the queue."""
    OrmQ.objects.all().delete()
