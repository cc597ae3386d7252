"""The look and the menu of the console (the admin, by django-unfold). Imported by the settings, so
nothing here may touch models."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

Lookup = Callable[[HttpRequest], Any]

_SECTIONS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        "Respond",
        [("Alerts", "notifications_active", "alerts.alert")],
    ),
    (
        "Who is on call",
        [
            ("Groups", "groups", "groups.group"),
            ("Schedules", "calendar_month", "schedules.schedule"),
            ("Rotations", "sync", "schedules.rotation"),
            ("Overrides", "swap_horiz", "schedules.override"),
        ],
    ),
    (
        "How they are paged",
        [
            ("Policies", "stairs", "escalation.policy"),
            ("Policy of each group", "link", "escalation.grouppolicy"),
            ("Notifications", "outbox", "escalation.notification"),
            ("Providers", "electrical_services", "escalation.circuit"),
        ],
    ),
    (
        "What comes in",
        [
            ("Integrations", "cable", "integrations.integration"),
            ("Routes", "alt_route", "integrations.route"),
            ("Events received", "inbox", "integrations.inboundevent"),
        ],
    ),
    (
        "People",
        [
            ("People", "person", "accounts.user"),
            ("Contact methods", "smartphone", "accounts.contactmethod"),
            ("Notification rules", "rule", "accounts.notificationrule"),
            ("API tokens", "key", "accounts.apitoken"),
            ("Audit trail", "history", "accounts.auditentry"),
        ],
    ),
    (
        "Engine",
        [
            ("Loops", "monitor_heart", "alertops.loopbeat"),
            ("Clockwork", "schedule", "django_q.schedule"),
            ("Failed tasks", "error", "django_q.failure"),
        ],
    ),
]


def _list_url(model: str) -> str:
    """Return the address of a model's list, or "" while nobody registered it."""
    try:
        return reverse(f"admin:{model.replace('.', '_')}_changelist")
    except NoReverseMatch:
        return ""


def _link(model: str) -> Lookup:
    return lambda request: _list_url(model)


def _may_view(model: str) -> Lookup:
    app, name = model.split(".")
    return lambda request: bool(_list_url(model) and request.user.has_perm(f"{app}.view_{name}"))


def _asset(path: str) -> Lookup:
    return lambda request: static(path)


def _navigation() -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "separator": True,
            "items": [
                {
                    "title": label,
                    "icon": icon,
                    "link": _link(model),
                    "permission": _may_view(model),
                }
                for label, icon, model in items
            ],
        }
        for title, items in _SECTIONS
    ]


# The greys and the indigo of static/css/alertops.css, from light to dark.
_BASE = [
    "#f6f7f9", "#eff1f4", "#e1e4ea", "#c9cfd8", "#9aa5b5", "#586273", "#4a5463", "#373f4c",
    "#2a303b", "#171a21", "#0f1115",
]  # fmt: skip
_PRIMARY = [
    "#eef0ff", "#e0e3ff", "#c7ccff", "#a5b0ff", "#818cf8", "#6b68f0", "#4f46e5", "#4338ca",
    "#3730a3", "#312e81", "#1e1b4b",
]  # fmt: skip
_STEPS = ["50", *(str(step) for step in range(100, 1000, 100)), "950"]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AlertOps",
    "SITE_HEADER": "AlertOps",
    "SITE_SUBHEADER": "Console",
    "SITE_URL": "/",
    "SITE_ICON": _asset("img/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": _asset("img/logo.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": dict(zip(_STEPS, _BASE, strict=True)),
        "primary": dict(zip(_STEPS, _PRIMARY, strict=True)),
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": _navigation(),
    },
}
