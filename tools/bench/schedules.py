"""How fast the time engine answers: a thousand groups, one schedule of six layers over a year,
one alert. Measured in a process of its own, in a transaction that is taken back.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from typing import Any

from tools.bench.figures import Bench
from tools.chaos_house import ROOT

GROUPS = 1000
AT = datetime(2026, 6, 17, 10, tzinfo=UTC)


def answers(bench: Bench) -> None:
    """Who is on call: for many, for a year, for one."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.schedules"],
        cwd=ROOT,
        env=bench.place.full_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The schedules could not be measured:\n{done.stderr[-3000:]}")
    for name, value in json.loads(done.stdout.splitlines()[-1]).items():
        bench.keep(name, value)


def build() -> tuple[list[int], Any]:
    """Write the groups with their schedules; return their ids, and the schedule of six layers."""
    from accounts.models import User
    from groups.models import Group, Member
    from schedules import models as m

    people = User.objects.bulk_create(
        User(email=f"turn-{n}@example.org", name=f"Turn {n}", password="!") for n in range(500)
    )
    groups = Group.objects.bulk_create(
        Group(name=f"Rota {n}", slug=f"rota-{n}", time_zone="Europe/Berlin")
        for n in range(GROUPS + 1)
    )
    members = Member.objects.bulk_create(
        Member(group=group, user=people[(n * 5 + k) % 500], sequence=k, is_manager=k == 4)
        for n, group in enumerate(groups)
        for k in range(5)
    )
    schedules = m.Schedule.objects.bulk_create(
        m.Schedule(group=group, name="Rota", time_zone="Europe/Berlin") for group in groups
    )
    austria = m.HolidayCalendar.objects.create(country="XX")
    m.Holiday.objects.bulk_create(
        m.Holiday(calendar=austria, on=date(year, month, 6), name="A day off")
        for year in range(2020, 2030)
        for month in range(1, 13)
    )
    last, lines = schedules[-1], []
    for schedule in schedules:
        layers = 6 if schedule is last else 2
        lines.extend(_rotation(schedule, austria, rank) for rank in range(layers))
    m.Rotation.objects.bulk_create(lines)
    of = {group.pk: members[n * 5 : n * 5 + 5] for n, group in enumerate(groups)}
    m.RotationMember.objects.bulk_create(
        m.RotationMember(rotation=line, user=who.user, member=who, position=position)
        for line in lines
        for position, who in enumerate(of[line.schedule.group_id])
    )
    m.DutyWindow.objects.bulk_create(
        m.DutyWindow(rotation=line, starts_minute=d * 1440 + 540, ends_minute=d * 1440 + 1020)
        for line in lines
        if line.rank
        for d in range(5)
    )
    _changes(schedules, people, of)
    return [group.pk for group in groups[:-1]], last


def _rotation(schedule: Any, holidays: Any, rank: int) -> Any:
    from schedules import models as m

    is_upper = rank > 0
    return m.Rotation(
        schedule=schedule,
        name=f"Layer {rank}",
        rank=rank,
        unit="day" if is_upper else "week",
        count=1 + rank // 2,
        starts_on=date(2024, 1, 1),
        handoff_at=wall(9),
        fills="primary" if is_upper else "both",
        advance="worked" if rank == 1 else "calendar",
        holidays=holidays if is_upper else None,
        on_holidays="off" if is_upper else "",
    )


def _changes(schedules: list[Any], people: list[Any], of: dict[int, list[Any]]) -> None:
    from schedules import models as m

    hour = timedelta(hours=1)
    m.Override.objects.bulk_create(
        m.Override(
            schedule=schedule,
            user=of[schedule.group_id][1].user,
            starts_at=AT + (week * 168 - 1) * hour,
            ends_at=AT + (week * 168 + 4) * hour,
        )
        for schedule in schedules[::5]
        for week in range(-10, 40)
    )
    m.TimeOff.objects.bulk_create(
        m.TimeOff(
            user=user, starts_at=AT + month * 720 * hour, ends_at=AT + (month * 720 + 99) * hour
        )
        for user in people[::10]
        for month in range(-3, 9)
    )


def _milliseconds(work: Callable[[], object], times: int) -> float:
    """Return the median; the first round, which prepares the statement, counts like all others."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return sorted(spent)[times // 2] * 1000


def measure() -> dict[str, float]:
    """Build, ask, and take everything back. Django must be set up."""
    import gc

    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from alertops.supervisor import RARELY
    from schedules import oncall, rosters, rota

    year = AT - timedelta(days=180), AT + timedelta(days=185)
    with transaction.atomic():
        groups, six = build()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        gc.collect()
        gc.freeze()  # as in the engine
        gc.set_threshold(*RARELY)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            oncall.on_call(groups, AT)
        plan = oncall.roster_of(six, *year).plan
        found = {
            "on call, 1,000 groups ms": _milliseconds(lambda: oncall.on_call(groups, AT), 15),
            "on call, queries": float(len(queries)),
            "six layers, a year ms": _milliseconds(lambda: rota.shifts(plan, *year), 15),
            "six layers, a year, read and drawn ms": _milliseconds(
                lambda: oncall.shifts(six, *year), 15
            ),
            "on call, one group ms": _milliseconds(lambda: oncall.on_call(groups[7:8], AT), 101),
            "read, one group ms": _milliseconds(lambda: rosters.load(groups[7:8], AT, AT), 101),
        }
        transaction.set_rollback(True)
    return found


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    import django

    django.setup()
    print(json.dumps(measure()))
