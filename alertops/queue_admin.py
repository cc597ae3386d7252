"""The clockwork in the console: django-q's rows and the loops' heartbeats, for looking only.

A schedule changed by hand would be put back by the next migration, and a loop stopped by hand is
a page that does not leave; so nothing here can be changed.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as theirs
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.decorators import display

from accounts.console import ReadOnlyAdmin
from alertops import clock, health
from alertops.models import LoopBeat, Probe

for _model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class _Looked(ReadOnlyAdmin):
    """Shows every field, whatever django-q's own page would let one do."""

    actions: ClassVar[list[Any]] = []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in self.model._meta.fields]


@admin.register(Schedule)
class ScheduleAdmin(_Looked):
    list_display = ("name", "func", "schedule_type", "minutes", "next_run", "repeats")
    search_fields = ("name", "func")
    ordering = ("name",)


@admin.register(Success)
class SuccessAdmin(_Looked):
    list_display = ("name", "func", "started", "stopped", "time_taken")
    search_fields = ("name", "func")
    ordering = ("-stopped",)

    @admin.display(description="Seconds")
    def time_taken(self, task: Success) -> float:
        return float(round(task.time_taken(), 2))


@admin.register(Failure)
class FailureAdmin(_Looked):
    list_display = ("name", "func", "started", "stopped", "why")
    search_fields = ("name", "func")
    ordering = ("-stopped",)

    @admin.display(description="Why")
    def why(self, task: Failure) -> str:
        """The last line of the traceback."""
        lines = str(task.result or "").strip().splitlines()
        return lines[-1][:200] if lines else ""


@admin.register(OrmQ)
class QueuedAdmin(_Looked):
    list_display = ("id", "func", "lock")
    ordering = ("id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key", "func", "lock")

    fields = ("key", "func", "lock")

    @admin.display(description="Task")
    def func(self, row: OrmQ) -> str:
        return str(row.func())


@admin.register(LoopBeat)
class LoopBeatAdmin(_Looked):
    list_display = ("name", "state", "beat_at", "host", "pid", "work_count")
    ordering = ("name",)

    @display(description="State", label={"Alive": "success", "Late": "danger"})  # type: ignore[untyped-decorator]
    def state(self, loop: LoopBeat) -> str:
        age = (clock.now() - loop.beat_at).total_seconds()
        return "Late" if health.is_late(loop.name, age) else "Alive"


@admin.register(Probe)
class ProbeAdmin(_Looked):
    list_display = ("name", "state", "checked_at", "passed_at", "seconds", "detail")
    ordering = ("name",)

    @display(  # type: ignore[untyped-decorator]
        description="State",
        label={"Passed": "success", "Failed": "danger", "Cannot be asked": "warning"},
    )
    def state(self, probe: Probe) -> str:
        if probe.passed is None:
            return "Cannot be asked"
        return "Passed" if probe.passed else "Failed"


__all__ = ["theirs"]
