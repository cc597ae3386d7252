"""Alerts in the console: everything is the engine's, so it is looked at; the verbs are actions."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.console import ReadOnlyAdmin, SeenFilter
from accounts.signed_in import person
from alertops import clock
from alerts import actions
from alerts.models import Alert, AlertEvent
from alerts.states import Severity, Status, Verb

_STATUS = {Status.TRIGGERED: "danger", Status.ACKNOWLEDGED: "warning", Status.RESOLVED: "success"}
_SEVERITY = {
    Severity.CRITICAL: "danger",
    Severity.HIGH: "warning",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFO: "",
}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    paginator = InfinitePaginator
    list_display = (
        "number", "title", "shown_status", "shown_severity", "opened_at", "group", "assignee",
    )  # fmt: skip
    list_display_links = ("number", "title")
    list_filter = ("status", "severity", ("group", SeenFilter), "suppressed")
    list_select_related = ("group", "assignee")
    search_fields = ("=id", "title", "=dedup_key")
    search_help_text = "Number, words of the title, or the whole key"
    ordering = ("-opened_at", "-pk")
    actions: ClassVar[list[str]] = ["acknowledge", "resolve"]
    fieldsets = (
        (None, {"fields": ("title", "description", "status", "severity", "tags")}),
        ("Whose", {"fields": ("group", "assignee", "opened_by", "source", "dedup_key")}),
        (
            "When",
            {
                "fields": (
                    "opened_at", "last_event_at", "event_count", "acknowledged_at",
                    "acknowledged_by", "resolved_at", "resolved_by", "snoozed_until", "suppressed",
                )
            },
        ),
        ("What its source said", {"fields": ("links", "details"), "classes": ("collapse",)}),
        (
            "The engine's memory",
            {"fields": ("wake_at", "wake", "epoch"), "classes": ("collapse",)},
        ),
    )  # fmt: skip

    @admin.display(description="Number", ordering="pk")
    def number(self, alert: Alert) -> int:
        return alert.number

    @display(description="Status", ordering="status", label=_STATUS)  # type: ignore[untyped-decorator]
    def shown_status(self, alert: Alert) -> tuple[str, str]:
        return alert.status, alert.get_status_display()

    @display(description="Severity", ordering="severity", label=_SEVERITY)  # type: ignore[untyped-decorator]
    def shown_severity(self, alert: Alert) -> tuple[str, str]:
        return alert.severity, alert.get_severity_display()

    def has_respond_permission(self, request: HttpRequest) -> bool:
        """Whoever may answer alerts at all; the rows are read-only all the same."""
        return request.user.has_perm("alerts.change_alert")

    @admin.action(description="Acknowledge", permissions=["respond"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._apply(Verb.ACKNOWLEDGE, request, queryset)

    @admin.action(description="Resolve", permissions=["respond"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._apply(Verb.RESOLVE, request, queryset)

    def _apply(self, verb: Verb, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """One door, one alert at a time; each refusal is said."""
        move, done = actions.Move(actor=person(request), now=clock.now(), via="console"), 0
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            try:
                actions.apply(verb, pk, move)
                done += 1
            except actions.NotAllowed as refusal:
                messages.error(request, f"#{pk}: {refusal}")
        if done:
            text = f"{done} alert{'s' if done > 1 else ''}: {verb.label.lower()} done."
            messages.success(request, text)


@admin.register(AlertEvent)
class AlertEventAdmin(ReadOnlyAdmin):
    paginator = InfinitePaginator
    list_display = ("alert_number", "at", "kind", "actor", "facts")
    list_display_links = ("at",)
    list_filter = ("kind",)
    list_select_related = ("actor",)
    search_fields = ("=alert__id",)
    search_help_text = "The alert's number"
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertEvent]:
        events: QuerySet[AlertEvent] = super().get_queryset(request)
        user = person(request)
        if user.is_admin:  # who sees all reads them by their number, as they lie
            return events
        return events.filter(alert__in=Alert.objects.visible_to(user))

    @admin.display(description="Alert", ordering="alert")
    def alert_number(self, event: AlertEvent) -> str:
        return format_html('<a href="/alerts/{0}/">#{0}</a>', event.alert_id)

    @admin.display(description="Facts")
    def facts(self, event: AlertEvent) -> str:
        text = ", ".join(f"{name}: {value}" for name, value in event.data.items())
        return text if len(text) <= 120 else f"{text[:119]}…"
