"""Outbound connections in the console. Secrets are never shown; what was sent can only be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from accounts.signed_in import person
from alertops import clock
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import actions, showing


@admin.register(OutboundConnection)
class OutboundConnectionAdmin(ModelAdmin):
    """Its settings depend on the tool, so they are changed on its page."""

    list_display = ("name", "tool", "group", "is_active", "state", "last_sent_at")
    list_filter = ("tool", "is_active", "group")
    list_select_related = ("group",)
    search_fields = ("name",)
    ordering = ("name",)
    fields: Any = (
        "page", "name", "tool", "is_active", "group", "integrations", "events", "state",
        "failures", "rest_until", "off_until", "off_reason", "last_sent_at", "created_by",
        "created_at",
    )  # fmt: skip
    readonly_fields: Any = fields

    @admin.display(description="State")
    def state(self, link: OutboundConnection) -> str:
        return showing.condition(link, clock.now()).words

    @admin.display(description="Settings, secret and log")
    def page(self, link: OutboundConnection) -> SafeString:
        return format_html('<a href="{}">Open its page</a>', link.get_absolute_url())

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("integrations:outbound")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.delete(obj, actor=person(request), now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for link in queryset:
            self.delete_model(request, link)


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ModelAdmin):
    """Read-only: the log belongs to the sender."""

    list_display = ("id", "connection", "kind", "alert_number", "state", "attempts", "created_at")
    list_filter = ("state", "connection")
    list_select_related = ("connection",)
    ordering = ("-id",)
    show_full_result_count = False
    fields: Any = (
        "page", "connection", "kind", "alert_number", "state", "attempts", "next_try_at",
        "give_up_at", "created_at", "finished_at",
    )  # fmt: skip
    readonly_fields: Any = fields

    @admin.display(description="Alert", ordering="alert_id")
    def alert_number(self, message: OutboundMessage) -> str:
        return f"#{message.alert_id}" if message.alert_id else "test"

    @admin.display(description="What was sent, and the answers")
    def page(self, message: OutboundMessage) -> SafeString:
        return format_html(
            '<a href="/integrations/outbound/messages/{}/">Open its page</a>', message.pk
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
