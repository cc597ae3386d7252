"""Schedules in the console. Writes go through `actions`; the preview asks the resolver."""

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.console import ConsoleAdmin, SeenFilter
from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from schedules import actions, grid, oncall, rota
from schedules.admin_forms import LineForm, LineFormSet
from schedules.models import Override, Rotation, RotationMember, Schedule
from schedules.states import Role

PREVIEW = timedelta(days=14)
MOST_LINES = 60


class RotationInline(TabularInline):
    model = Rotation
    extra = 0
    show_change_link = True
    fields = ("name", "unit", "count", "starts_on", "handoff_at", "fills", "rank")
    verbose_name_plural = "rotations (the people of each are on its own page)"


class LineInline(TabularInline):
    model = RotationMember
    form = LineForm
    formset = LineFormSet
    extra = 0
    ordering = ("position",)
    ordering_field = "position"
    autocomplete_fields = ("user",)
    fields = ("position", "user")
    verbose_name = "person"
    verbose_name_plural = "people, in the order of their turns"


class CalendarAdmin(ConsoleAdmin):
    """Deleting goes one by one, so that each refusal can be read."""

    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and bool(super().has_delete_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.remove(obj, actor=person(request), now=clock.now())


@admin.register(Schedule)
class ScheduleAdmin(CalendarAdmin):
    inlines = (RotationInline,)
    list_display = ("name", "group", "time_zone", "active", "primary_now", "secondary_now")
    list_filter = ("is_active", ("group", SeenFilter))
    list_select_related = ("group",)
    search_fields = ("name", "group__name", "rotations__name", "rotations__members__user__name")
    autocomplete_fields = ("group",)
    readonly_fields = ("preview",)
    fieldsets = (
        (None, {"fields": ("group", "name", "time_zone", "is_active")}),
        ("Preview", {"fields": ("preview",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A schedule stays in the group it was made for."""
        return (*self.readonly_fields, "group") if obj else self.readonly_fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Ask who is on call once for the whole page."""
        changes = super().get_changelist_instance(request)
        shown = list(changes.result_list)
        answers = oncall.on_call([s.group_id for s in shown if s.is_active], clock.now())
        people = {pk for answer in answers.values() for pk in answer.people}
        names = dict(User.objects.filter(pk__in=people).values_list("pk", "name"))
        for schedule in shown:
            answer = answers.get(schedule.group_id) if schedule.is_active else None
            for role in Role:
                ids = getattr(answer, role.value, ())
                words = ", ".join(names[pk] for pk in ids) or "Nobody"
                setattr(schedule, f"{role.value}_words", words if answer else None)
        changes.result_list = shown
        return changes

    @display(description="State", label={"Active": "success", "Draft": "info"})  # type: ignore[untyped-decorator]
    def active(self, schedule: Schedule) -> str:
        return "Active" if schedule.is_active else "Draft"

    @admin.display(description="Primary now")
    def primary_now(self, schedule: Any) -> str | None:
        return cast("str | None", schedule.primary_words)

    @admin.display(description="Secondary now")
    def secondary_now(self, schedule: Any) -> str | None:
        return cast("str | None", schedule.secondary_words)

    @admin.display(description="Next 14 days")
    def preview(self, schedule: Schedule) -> str:
        return preview(schedule) if schedule.pk else "Save the schedule to see who is on call."

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        actions.save_schedule(obj, actor=person(request), now=clock.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        now, actor = clock.now(), person(request)
        rotations = formset.save(commit=False)
        for gone in formset.deleted_objects:
            actions.remove(gone, actor=actor, now=now)
        for rotation in rotations:
            actions.save_rotation(rotation, None, actor=actor, now=now)


@admin.register(Rotation)
class RotationAdmin(CalendarAdmin):
    inlines = (LineInline,)
    list_display = ("name", "schedule", "group", "rhythm", "fills", "rank", "line")
    list_filter = ("fills", "unit", ("schedule__group", SeenFilter))
    list_select_related = ("schedule__group",)
    search_fields = ("name", "schedule__name", "schedule__group__name", "members__user__name")
    autocomplete_fields = ("schedule",)
    readonly_fields = ("preview",)
    fieldsets = (
        (None, {"fields": ("schedule", "name", "fills", "rank")}),
        ("Hand-off", {"fields": (("count", "unit"), ("starts_on", "handoff_at"))}),
        ("Preview", {"fields": ("preview",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "schedule") if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rotation]:
        rotations: QuerySet[Rotation] = super().get_queryset(request)
        seen = Schedule.objects.visible_to(request.user)
        return rotations.filter(schedule__in=seen).prefetch_related("members__user")

    @admin.display(description="Group", ordering="schedule__group__name")
    def group(self, rotation: Rotation) -> str:
        return str(rotation.schedule.group)

    @admin.display(description="People in turn")
    def line(self, rotation: Rotation) -> str:
        return " → ".join(str(user) for user in rotation.people) or "Nobody yet"

    @admin.display(description="Next 14 days of the schedule")
    def preview(self, rotation: Rotation) -> str:
        if not rotation.pk:
            return "Save the rotation to see who is on call."
        return preview(rotation.schedule)

    def save_model(self, request: HttpRequest, obj: Rotation, form: Any, change: bool) -> None:
        actions.save_rotation(obj, None, actor=person(request), now=clock.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if formset.has_changed():
            people = formset.people()
            actions.save_rotation(form.instance, people, actor=person(request), now=clock.now())


class WhenFilter(admin.SimpleListFilter):
    title, parameter_name = "when", "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now"), ("ahead", "To come"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = clock.now()
        wanted = {
            "now": Q(starts_at__lte=now, ends_at__gt=now),
            "ahead": Q(starts_at__gt=now),
            "over": Q(ends_at__lte=now),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Override)
class OverrideAdmin(CalendarAdmin):
    list_display = ("user", "role", "replaces", "schedule", "starts_at", "ends_at", "state")
    list_filter = (WhenFilter, "role", ("schedule__group", SeenFilter))
    list_select_related = ("user", "replaces", "schedule")
    search_fields = ("user__name", "replaces__name", "schedule__name", "reason")
    autocomplete_fields = ("schedule", "user", "replaces")
    date_hierarchy = "starts_at"
    readonly_fields = ("created_by", "created_at")
    fieldsets = (
        (None, {"fields": ("schedule", "role", "user", "replaces")}),
        ("When (in your own time zone)", {"fields": ("starts_at", "ends_at", "reason")}),
        ("History", {"fields": ("created_by", "created_at")}),
    )
    add_fieldsets = fieldsets[:2]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Override]:
        overrides: QuerySet[Override] = super().get_queryset(request)
        return overrides.filter(schedule__in=Schedule.objects.visible_to(request.user))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    @display(description="State", label={"Now": "success", "To come": "info", "Over": "default"})  # type: ignore[untyped-decorator]
    def state(self, override: Override) -> str:
        now = clock.now()
        if override.ends_at <= now:
            return "Over"
        return "Now" if override.starts_at <= now else "To come"

    def save_model(self, request: HttpRequest, obj: Override, form: Any, change: bool) -> None:
        save = actions.change_override if change else actions.add_override
        save(obj, actor=person(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Override) -> None:
        """What runs ends now; what has not begun goes; what is over stays."""
        actions.end_override(obj, actor=person(request), now=clock.now())


def preview(schedule: Schedule) -> str:
    """Who is on call when, in the next two weeks, by the functions the engine asks."""
    now = clock.now()
    roster = oncall.roster_of(schedule, now, now + PREVIEW)
    shifts = grid.joined(rota.shifts(roster.plan, now, now + PREVIEW))
    names = User.objects.in_bulk({shift.user for shift in shifts if shift.user is not None})
    lines = [
        (shift, names.get(shift.user or 0), oncall.why(roster, shift.source))
        for shift in shifts[:MOST_LINES]
    ]
    context = {
        "zone": schedule.zone,
        "lines": lines,
        "left_out": len(shifts) - len(lines),
        "until": now + PREVIEW,
        "is_active": schedule.is_active,
    }
    return render_to_string("schedules/_preview.html", context)
