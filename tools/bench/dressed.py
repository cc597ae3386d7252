"""Accepting with everything on: routes, a mapping, a maintenance window, and the log as ever."""

import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

from tools.bench.figures import Bench, take
from tools.chaos_house import ROOT

ROUTES = 5
MAPPING = {
    "title": "title || labels.host",
    "severity": "severity",
    "dedup_key": "dedup_key",
    "description": "join(': ', [labels.service, description])",
    "link": "link",
}


def dressed(bench: Bench) -> None:
    """The same figure as `accept`; every event passes five routes, and a window it is not in."""
    ask(bench, "on")
    try:
        take(bench, "dressed", "distinct")
    finally:
        ask(bench, "off")
    bench.keep("dressed / L", bench.last("dressed") / bench.last("L"))


def ask(bench: Bench, word: str) -> str:
    """Have something written by a process that knows the product; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.dressed", word],
        cwd=ROOT,
        env=bench.place.full_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{word} could not be done:\n{done.stderr[-3000:]}")
    return done.stdout.strip()


def on() -> None:
    """Give every integration routes and a mapping, and begin maintenance of something else."""
    from alertops import clock
    from groups.models import Group
    from integrations import actions_maintenance
    from integrations.models import Integration, MaintenanceWindow, Route
    from integrations.windows import Every

    everything = list(Integration.objects.all())
    Route.objects.bulk_create(
        Route(
            integration=each,
            position=n,
            name=f"Route {n}",
            conditions=_conditions(n),
            group_id=each.group_id,
        )
        for each in everything
        for n in range(ROUTES)
    )
    Integration.objects.update(mapping=MAPPING)
    now = clock.now()
    start, end = now - timedelta(hours=1), now + timedelta(hours=20)
    window = MaintenanceWindow(
        name="Patches", every=Every.ONCE, time_zone="UTC", first_on=start.date(),
        begins_at=start.time(), last_on=end.date(), ends_at=end.time(),
        conditions=[{"field": "labels.host", "operator": "equals", "value": "db-99"}],
    )  # fmt: skip
    actions_maintenance.save_window(
        window, integrations=everything, services=(), groups=Group.objects.all()[:100],
        actor=None, now=now,
    )  # fmt: skip


def _conditions(number: int) -> list[dict[str, str]]:
    """Only the last one fits; the others are tried by every operator there is."""
    fits = number == ROUTES - 1
    return [
        {"field": "labels.team", "operator": "equals", "value": "payments"},
        {"field": "labels.region", "operator": "starts", "value": "eu-"},
        {"field": "title", "operator": "regex", "value": "disk (full|slow)$|db-[0-9]+$"},
        {"field": "labels.host", "operator": "contains", "value": "db-" if fits else f"x{number}"},
    ]


def off() -> None:
    """Take it back, once nobody is being sent by a route any more."""
    from alertops import clock
    from integrations import actions_maintenance
    from integrations.models import InboundEvent, Integration, MaintenanceWindow, Route

    while InboundEvent.objects.waiting().exists():
        time.sleep(0.2)
    Route.objects.all().delete()
    Integration.objects.update(mapping={})
    for window in MaintenanceWindow.objects.filter(ended_at__isnull=True):
        actions_maintenance.call_off(window, actor=None, now=clock.now())


def drop() -> None:
    """Let every event open nothing: there is something to replay."""
    from integrations.models import Integration, Route

    Route.objects.bulk_create(
        Route(integration=each, name="Nothing", drop=True) for each in Integration.objects.all()
    )


def replay() -> int:
    """Begin to replay everything for real; return the number of the replay."""
    from alertops import clock
    from integrations import actions_replays
    from integrations.actions_replays import Range

    chosen = Range(1, 2**62)
    return actions_replays.start(chosen, is_dry=False, actor=None, now=clock.now()).pk


_WORDS: dict[str, Any] = {"on": on, "off": off, "drop": drop, "replay": replay}

if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    import django

    django.setup()
    print(_WORDS[sys.argv[1]]())
