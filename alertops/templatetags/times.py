"""`{% load times %}{% ago alert.opened_at %}`: how long ago; hovering says exactly when."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from alertops import clock, durations

register = template.Library()


@register.simple_tag(takes_context=True)
def ago(context: dict[str, Any], at: datetime | None) -> str | SafeString:
    """Return "5 min ago" or "in 5 min" as a time element; hovering shows the instant itself."""
    if at is None:
        return ""
    now = context.get("now") or clock.now()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact_words(at), words(at, now)
    )


@register.simple_tag
def exact(at: datetime | None) -> str | SafeString:
    """Return the instant in the reader's zone, to the second, as a time element."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), exact_words(at))


@register.simple_tag(takes_context=True)
def clock_time(context: dict[str, Any], at: datetime | None) -> str | SafeString:
    """Return "14:03:07", with the day before it where that is not today; hovering shows all."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(context.get("now") or clock.now())
    form = "%H:%M:%S" if local.date() == today.date() else "%-d %b %H:%M:%S"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        exact_words(at),
        local.strftime(form),
    )


def exact_words(at: datetime) -> str:
    """Return the instant in the reader's zone: "Fri 21 Nov 2025, 14:03:07 CET"."""
    return timezone.localtime(at).strftime("%a %-d %b %Y, %H:%M:%S %Z")


def words(at: datetime, now: datetime) -> str:
    """Return the distance in its largest units: "just now", "3 min ago", "in 2 h 5 min"."""
    seconds = int((now - at).total_seconds())
    span = durations.words(_rounded(abs(seconds)))
    if seconds < 0:
        return f"in {span}"
    return f"{span} ago" if seconds >= 5 else "just now"


def _rounded(seconds: int) -> int:
    for least, unit in ((3 * 86400, 86400), (2 * 3600, 3600), (120, 60)):
        if seconds >= least:
            return seconds // unit * unit
    return seconds
