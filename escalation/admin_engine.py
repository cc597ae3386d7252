"""The engine's rows in the console: for looking, never for changing."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.channels import CHANNELS
from accounts.console import ReadOnlyAdmin
from alertops import clock
from escalation import history
from escalation.models import Attempt, Circuit, Escalation, Notification, PolicyVersion
from escalation.states import State

_TONES = {
    State.PENDING: "info",
    State.SENDING: "info",
    State.UNKNOWN: "warning",
    State.ACCEPTED: "info",
    State.DELIVERED: "success",
    State.FAILED: "danger",
    State.CANCELLED: "",
    State.EXPIRED: "danger",
}


_PROVIDER = {"Answers": "success", "Failing": "warning", "Down": "danger"}


class ChannelFilter(admin.SimpleListFilter):
    """The registry's channels; distinct values of a long table would be slow to find."""

    title, parameter_name = "channel", "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(channel.kind, channel.label) for channel in CHANNELS.values()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class AttemptInline(TabularInline):
    model = Attempt
    extra = 0
    ordering = ("number",)
    fields = readonly_fields = (
        "number", "started_at", "ended_at", "outcome", "provider_id", "detail",
    )  # fmt: skip
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    inlines = (AttemptInline,)
    paginator = InfinitePaginator
    list_display = (
        "number", "alert_number", "whom", "channel_label", "shown_state", "purpose", "due_at",
        "attempts", "error",
    )  # fmt: skip
    list_display_links = ("number",)
    list_filter = ("state", ChannelFilter, "purpose", "is_local")
    list_select_related = ("user", "contact_method", "group_contact")
    search_fields = ("=alert__id", "user__name", "user__email", "=provider_id", "=key")
    search_help_text = "Alert number, person, provider's id or key"
    ordering = ("-pk",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        times = ("created_at", "due_at", "expires_at", "accepted_at", "delivered_at", "ended_at")
        return (
            (None, {"fields": ("alert_number", "whom", "channel_label", "address", "state_words")}),
            ("Where in the policy", {"fields": (("purpose", "urgency"), "step")}),
            ("When", {"fields": times}),
            (
                "Sending",
                {"fields": ("key", "attempts", "error", "is_local", "widened", "lease_until")},
            ),
            ("Provider", {"fields": ("provider_id", "provider_rank", "proof_due_at")}),
        )

    @admin.display(description="Number", ordering="pk")
    def number(self, row: Notification) -> int:
        return int(row.pk)

    @admin.display(description="Alert", ordering="alert")
    def alert_number(self, row: Notification) -> str:
        return format_html('<a href="/alerts/{0}/">#{0}</a>', row.alert_id)

    @admin.display(description="To", ordering="user__name")
    def whom(self, row: Notification) -> str:
        return history.whom(row)

    @admin.display(description="Address")
    def address(self, row: Notification) -> str:
        return history.masked(row) or "gone"

    @admin.display(description="Channel", ordering="channel")
    def channel_label(self, row: Notification) -> str:
        return CHANNELS[row.channel].label if row.channel in CHANNELS else row.channel

    @display(description="State", ordering="state", label=_TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Notification) -> tuple[str, str]:
        return row.state, self.state_words(row)

    @admin.display(description="State")
    def state_words(self, row: Notification) -> str:
        return history.line(row, clock.now()).state

    @admin.display(description="Step", empty_value="None: paged directly or as fallback")
    def step(self, row: Notification) -> str | None:
        return None if row.level is None else f"Level {row.level + 1}, round {row.round + 1}"


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    paginator = InfinitePaginator
    list_display = ("notification", "number", "started_at", "ended_at", "outcome", "detail")
    list_filter = ("outcome",)
    list_select_related = ("notification",)
    search_fields = ("=provider_id", "=notification__key")
    search_help_text = "Provider's id or the notification's key"
    ordering = ("-pk",)
    fields = (
        "notification",
        "number",
        "started_at",
        "ended_at",
        "outcome",
        "provider_id",
        "detail",
    )


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    paginator = InfinitePaginator
    list_display = ("alert", "version", "chosen_by", "comes_next", "fired", "started_at", "is_over")
    list_filter = ("chosen_by",)
    list_select_related = ("alert", "version")
    search_fields = ("=alert__id", "alert__title")
    ordering = ("-pk",)

    @admin.display(description="Comes next")
    def comes_next(self, row: Escalation) -> str:
        return f"round {row.round + 1}, level {row.level + 1}, notification {row.send + 1}"

    @admin.display(description="Exhausted", boolean=True)
    def is_over(self, row: Escalation) -> bool:
        return row.exhausted_at is not None


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("number", "policy", "name_then", "levels")
    list_display_links = ("number",)
    list_select_related = ("policy",)
    search_fields = ("policy__name",)
    ordering = ("-pk",)
    fields = ("policy", "digest", "frozen")

    @admin.display(description="Version", ordering="pk")
    def number(self, row: PolicyVersion) -> int:
        return int(row.pk)

    @admin.display(description="Name then")
    def name_then(self, row: PolicyVersion) -> str:
        return str(row)

    @admin.display(description="Levels")
    def levels(self, row: PolicyVersion) -> int:
        return len(row.body.get("levels", ()))

    @admin.display(description="As it was")
    def frozen(self, row: PolicyVersion) -> str:
        text = json.dumps(row.body, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)


@admin.register(Circuit)
class CircuitAdmin(ReadOnlyAdmin):
    list_display = (
        "channel_label",
        "answers",
        "failures",
        "open_until",
        "last_error",
        "changed_at",
    )
    ordering = ("channel",)

    @admin.display(description="Provider of", ordering="channel")
    def channel_label(self, row: Circuit) -> str:
        return CHANNELS[row.channel].label if row.channel in CHANNELS else row.channel

    @display(description="State", label=_PROVIDER)  # type: ignore[untyped-decorator]
    def answers(self, row: Circuit) -> str:
        if row.open_until and row.open_until > clock.now():
            return "Down"
        return "Failing" if row.failures else "Answers"
