"""Is it alive? Four answers for machines, cheap enough to be asked every second, and anonymous:
they hold figures and nothing that names a person, an alert or a host."""

import hmac
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from alertops import drill, echo, fence, identity, probes
from alertops.models import Probe
from alerts.models import Alert
from alerts.states import Status
from escalation.models import Notification
from escalation.states import State
from integrations.models import InboundEvent

LATE = 10.0
"""Seconds without a heartbeat after which a loop counts as late."""
CANARY_LATE = 120.0
DRILL_LATE = 3 * drill.EVERY
SETTLED = 60.0
"""Seconds after which a house that has slept must have sent its first synthetic alert."""
LOOPS = ("inbox", "tick", "outbox")
RECHECK = 2.0
UNREACHABLE = "The database cannot be reached."
HELD = "Nobody is paged: this database looks like a copy. To see more, run: manage.py adopt"

_AGES = (
    "SELECT name, extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM alertops_loopbeat"
)

_began = time.monotonic()
_migrated = False
_looked = -RECHECK


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database is reachable and has every migration: send requests here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ready, reason = _is_migrated(), "Migrations have not been applied yet."
    except Error:
        ready, reason = False, UNREACHABLE
    if ready:
        return JsonResponse({"status": "ok"})
    return _unwell({"status": "not ready", "error": reason})


@require_safe
@never_cache
def engine(request: HttpRequest) -> HttpResponse:
    """Every loop has shown a sign of life within LATE seconds, may send, and a synthetic alert
    arrives; 503 with the figures otherwise."""
    try:
        body = _engine()
    except Error:
        return _unwell({"status": "down", "error": UNREACHABLE, "loops": {}})
    return JsonResponse(body) if body["status"] in ("ok", "degraded") else _unwell(body)


def _engine() -> dict[str, Any]:
    ages, tests, theirs = loop_ages(), self_tests(), fence.version()
    late = sorted(name for name, age in ages.items() if is_late(name, age))
    loops = {
        name: {"age_seconds": None if age is None else round(age, 3), "late": name in late}
        for name, age in ages.items()
    }
    body: dict[str, Any] = {"status": "ok", "loops": loops, "self_tests": tests}
    body |= {"house": echo.house(), "runs": sorted(echo.runs())}
    if theirs not in (None, fence.ENGINE):
        body["engine_version"] = {"database": theirs, "here": fence.ENGINE}
    if failed := [name for name, test in tests.items() if _fails(test)]:
        body |= {"status": "degraded", "error": f"Self-tests fail: {', '.join(failed)}."}
    if wrong := _drill_is_wrong(tests.get(drill.NAME)):
        body |= {"status": "failing", "error": wrong}
    if late:
        body |= {"status": "late", "error": f"No sign of life for too long: {', '.join(late)}."}
    if identity.held():
        body |= {"status": "held", "error": HELD}
    return body


def self_tests() -> dict[str, dict[str, Any]]:
    """How the latest self-tests went, without their words: those are for people who sign in."""
    if not settings.SELF_TESTS:
        return {}
    found = Probe.objects.annotate(age=Now() - F("checked_at")).order_by("name")
    return {
        name: {"passed": passed, "age_seconds": round(age.total_seconds(), 1), "seconds": seconds}
        for name, passed, age, seconds in found.values_list("name", "passed", "age", "seconds")
    }


def _fails(test: dict[str, Any]) -> bool:
    """What is no longer tried, because it is no longer set up, does not fail for ever."""
    return test["passed"] is False and test["age_seconds"] < probes.FORGOTTEN


def _drill_is_wrong(test: dict[str, Any] | None) -> str:
    """A synthetic alert that did not arrive, or that nobody sends any more."""
    if test is None:
        return ""
    if _fails(test):
        return "A synthetic alert did not arrive."
    if test["age_seconds"] > DRILL_LATE and time.monotonic() - _began > SETTLED:
        return "No synthetic alert has been sent for too long: no watchdog runs."
    return ""


def is_late(name: str, age: float | None) -> bool:
    """The loops must always beat; what else leaves a beat (the canary) has more time."""
    if name in LOOPS:
        return age is None or age > LATE
    return age is not None and age > CANARY_LATE


def _unwell(body: dict[str, Any]) -> HttpResponse:
    """A 503 that is an answer, not an error: whoever asks every second must not fill the log."""
    response = JsonResponse(body, status=503)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. Asks for `Authorization: Bearer METRICS_TOKEN` where that is set."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), expected.encode()):
        response = JsonResponse({"error": "This needs the metrics token."}, status=401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    try:
        body = generate_latest(_REGISTRY)
    except Error:
        return _unwell({"error": UNREACHABLE})
    return HttpResponse(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def loop_ages() -> dict[str, float | None]:
    """Return the seconds since each loop's heartbeat, by the database's clock; None: never seen."""
    ages: dict[str, float | None] = dict.fromkeys(LOOPS)
    with connection.cursor() as cursor:
        cursor.execute(_AGES)
        ages.update(cursor.fetchall())
    return ages


def _is_migrated() -> bool:
    """Code and database agree. Asked until it is so, then never: new code is a new process."""
    global _migrated, _looked
    if not _migrated and time.monotonic() - _looked >= RECHECK:
        _looked = time.monotonic()
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


class _House(Collector):
    """What the rows say. Each figure is one query that an index answers."""

    def collect(self) -> Iterator[Metric]:
        ages = GaugeMetricFamily(
            "alertops_loop_age_seconds", "Seconds since the loop's last heartbeat.", labels=["loop"]
        )
        for name, age in loop_ages().items():
            ages.add_metric([name], float("inf") if age is None else age)
        yield ages
        yield from _self_tests()
        yield _by(
            "alertops_open_alerts",
            "Alerts that are not resolved.",
            "status",
            Alert.objects.filter(status__in=[Status.TRIGGERED, Status.ACKNOWLEDGED]),
        )
        yield _by(
            "alertops_notifications",
            "Notifications on their way.",
            "state",
            Notification.objects.filter(state__in=[State.PENDING, State.UNKNOWN]),
            Notification.objects.filter(state=State.SENDING),
        )
        yield GaugeMetricFamily(
            "alertops_inbox_backlog",
            "Events stored and not yet processed.",
            value=InboundEvent.objects.filter(processed_at__isnull=True).count(),
        )


def _self_tests() -> Iterator[Metric]:
    passed = GaugeMetricFamily(
        "alertops_self_test_passed",
        "1: the latest self-test passed; 0: it failed.",
        labels=["test"],
    )
    taken = GaugeMetricFamily(
        "alertops_self_test_seconds",
        "How long the latest one took; the drill's is from the event to its notification.",
        labels=["test"],
    )
    age = GaugeMetricFamily("alertops_self_test_age_seconds", "Since it ran last.", labels=["test"])
    for name, test in self_tests().items():
        if test["passed"] is not None:
            passed.add_metric([name], float(test["passed"]))
        if test["seconds"] is not None:
            taken.add_metric([name], test["seconds"])
        age.add_metric([name], test["age_seconds"])
    yield from (passed, taken, age)


def _by(name: str, text: str, field: str, *rows: QuerySet[Any]) -> Metric:
    """Count rows by `field`. Several query sets where each has a partial index of its own."""
    family = GaugeMetricFamily(name, text, labels=[field])
    for some in rows:
        for value, count in some.order_by().values_list(field).annotate(Count("pk")):
            family.add_metric([value], count)
    return family


_REGISTRY = CollectorRegistry(auto_describe=False)
_REGISTRY.register(_House())
