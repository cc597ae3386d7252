"""The self-tests' memory: when each ran last, and how it went. One row each, never more.

Any number of hosts may run them; whoever claims one runs it, the others wait for its next time. A
failure is tried again soon, told to the operators the second time in a row, and again every hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from alertops import operators
from alertops.models import Probe

SOON = 60.0
"""Seconds after which a failed one is tried again."""
TELL_AGAIN = 60
FORGOTTEN = 3600.0
"""Seconds after which one that is tried no longer (a provider taken out) is left alone."""
SHOWN_AFTER = 2
"""Failures in a row after which people are told: once may be the weather."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a self-test went. `passed` is None where it could not be asked."""

    passed: bool | None
    detail: str = ""
    seconds: float | None = None


_CLAIM = """
INSERT INTO alertops_probe AS p (name, checked_at, failures, detail)
VALUES (%(name)s, clock_timestamp(), 0, '')
ON CONFLICT (name) DO UPDATE SET checked_at = excluded.checked_at
WHERE p.checked_at <= excluded.checked_at - interval '1 second'
    * CASE WHEN p.failures > 0 THEN least(%(soon)s, %(every)s) ELSE %(every)s END
RETURNING true
"""


def claim(name: str, every: float) -> bool:
    """Whether this one is due, and ours to run now."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"name": name, "every": every, "soon": SOON})
        return cursor.fetchone() is not None


def settle(name: str, verdict: Verdict, now: datetime) -> None:
    """Keep how it went, and tell the operators when it went wrong again."""
    row = Probe.objects.filter(name=name)
    change = {"passed": verdict.passed, "detail": verdict.detail[:300], "seconds": verdict.seconds}
    if verdict.passed is not False:
        healed = row.filter(failures__gte=SHOWN_AFTER).exists()
        row.update(failures=0, **change)
        if verdict.passed:
            row.update(passed_at=now)
        if healed:
            operators.tell(f"AlertOps: the self-test “{name}” is well again.")
        return
    row.update(failures=F("failures") + 1, **change)
    failures = row.values_list("failures", flat=True).first() or 0
    if failures >= SHOWN_AFTER and (failures - SHOWN_AFTER) % TELL_AGAIN == 0:
        operators.tell(f"AlertOps: the self-test “{name}” fails: {verdict.detail}")


def standing() -> list[Probe]:
    """Those that fail, and not for the first time."""
    tried = Probe.objects.filter(checked_at__gt=Now() - timedelta(seconds=FORGOTTEN))
    return list(tried.filter(failures__gte=SHOWN_AFTER).order_by("name"))
