"""Integrations in the console. Keys are shown once; what came in can only be looked at."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import action

from accounts.console import ConsoleAdmin
from accounts.signed_in import person
from alertops import clock
from integrations import actions, admin_outbound, expressions, steps
from integrations.forms import IntegrationForm, RouteForm, lines
from integrations.models import InboundEvent, Integration, MailRule, Route

__all__ = ["admin_outbound"]

_MAPPED = tuple(f"map_{name}" for name in expressions.FIELDS)


class RouteInline(StackedInline):
    model = Route
    form = RouteForm
    extra = 0
    ordering_field = "position"
    hide_ordering_field = False
    autocomplete_fields = ("group", "assignee", "policy")
    fields = (
        ("position", "name"),
        "conditions",
        "group",
        "assignee",
        "by_topic",
        "policy",
        ("severity", "wait_seconds"),
        "tags",
        "group_by",
        "group_seconds",
        ("opens_incident", "drop"),
    )


class MailRuleInline(TabularInline):
    """What a mail means, where its subject does not say so plainly."""

    model = MailRule
    extra = 0
    fields = ("position", "where", "operator", "value", "action", "key_pattern")


@admin.register(Integration)
class IntegrationAdmin(ConsoleAdmin):
    form = IntegrationForm
    inlines = (RouteInline, MailRuleInline)
    list_display = ("name", "kind", "answers", "is_active", "key_begins", "last_event_at")
    list_filter = ("kind", "is_active", "group")
    list_select_related = ("group", "assignee")
    search_fields = ("name", "keys__prefix")
    ordering = ("name",)
    autocomplete_fields = ("group", "assignee", "policy")
    readonly_fields = ("key_begins", "last_event_at", "created_at")
    actions_detail: ClassVar[list[str]] = ["open_page"]
    fieldsets = (
        (None, {"fields": ("name", "kind", "is_active")}),
        (
            "Who answers",
            {
                "fields": ("group", "assignee", "policy", "default_severity"),
                "description": "A route below may say otherwise; the first that fits wins.",
            },
        ),
        ("Limits", {"fields": (("rate_per_minute", "burst"),), "classes": ("collapse",)}),
        (
            "Much at once: grouping, storms, flapping",
            {
                "fields": (
                    ("group_by", "group_seconds"),
                    "storm_after",
                    ("flap_count", "flap_seconds"),
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Mapping (JMESPath, for payloads whose fields are not found by themselves)",
            {"fields": _MAPPED, "classes": ("collapse",)},
        ),
        ("Key", {"fields": ("key_begins", "last_event_at", "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("keys")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:-1]  # it has no key before it is saved

    @admin.display(description="Alerts go to")
    def answers(self, integration: Integration) -> str:
        return str(integration.group or integration.assignee)

    @admin.display(description="Key begins with")
    def key_begins(self, integration: Integration) -> str:
        return f"{integration.key_prefix}…" if integration.key_prefix else "made when saved"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actions.save_integration(obj, actor=person(request), now=clock.now())
        if obj.key:
            self._tell_key(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        now = clock.now()
        rows = formset.save(commit=False)
        if formset.model is MailRule:
            actions.save_mail_rules(
                form.instance,
                rows,
                formset.deleted_objects,
                actor=person(request),
                now=now,
            )
            return
        for route in rows:
            actions.save_route(route, actor=person(request), now=now)
        for route in formset.deleted_objects:
            actions.delete_route(route, actor=person(request), now=now)

    def _tell_key(self, request: HttpRequest, integration: Integration) -> None:
        sentence: SafeString = format_html(
            "The address for {} is <code>{}</code>. Copy it now: the key is not shown again.",
            integration.name,
            steps.address(integration),
        )
        messages.warning(request, sentence)

    @action(description="Its keys, and how to connect the tool", url_path="connect")  # type: ignore[untyped-decorator]
    def open_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        integration = self.get_object(request, object_id)
        if integration is None:
            raise Http404
        return redirect("integrations:detail", integration.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switch it off instead: its alerts keep pointing at it."""
        return False


@admin.register(Route)
class RouteAdmin(ConsoleAdmin):
    form = RouteForm
    list_display = ("name", "integration", "position", "when", "target", "drop")
    list_filter = ("integration", "drop")
    list_select_related = ("integration", "group", "assignee", "policy")
    search_fields = ("name", "integration__name")
    ordering = ("integration__name", "position")
    autocomplete_fields = ("group", "assignee", "policy")
    fields = ("integration", *RouteForm.Meta.fields)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kwargs["fields"] = self.fields
        return super().get_form(request, obj, **kwargs)

    @admin.display(description="When")
    def when(self, route: Route) -> str:
        return " and ".join(lines(route.conditions)) or "always"

    @admin.display(description="Goes to")
    def target(self, route: Route) -> str:
        return str(route.group or route.assignee or ("nobody" if route.drop else "as usual"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actions.save_route(obj, actor=person(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.delete_route(obj, actor=person(request), now=clock.now())


@admin.register(InboundEvent)
class InboundEventAdmin(ModelAdmin):
    """Read-only: the inbound log belongs to the engine."""

    list_display = ("id", "integration", "received_at", "outcome", "oversized", "attempts")
    list_filter = ("outcome", "integration", "oversized")
    list_select_related = ("integration",)
    ordering = ("-id",)
    show_full_result_count = False
    fields: Any = (
        "integration", "received_at", "processed_at", "outcome", "detail", "content_type",
        "content_encoding", "remote", "headers", "oversized", "refused", "attempts", "page",
    )  # fmt: skip
    readonly_fields: Any = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("body")

    @admin.display(description="Body and alerts")
    def page(self, event: InboundEvent) -> SafeString:
        return format_html('<a href="/integrations/log/{}/">Open in the inbound log</a>', event.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
