"""The look and the menu of the console (the admin, by django-unfold). Imported by the settings, so
nothing here may touch models."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

Lookup = Callable[[HttpRequest], Any]

_SECTIONS: list[tuple[str, list[tuple[str, str, str, str]]]] = [
    (
        "Respond",
        [
            (
                "Alerts",
                "notifications_active",
                "alerts.alert",
                "What fired, what is open, and its whole story.",
            )
        ],
    ),
    (
        "Who is on call",
        [
            (
                "Groups",
                "groups",
                "groups.group",
                "Teams, their members and how a team itself is reached.",
            ),
            (
                "Schedules",
                "calendar_month",
                "schedules.schedule",
                "One per group: its zone and its rotations.",
            ),
            (
                "Rotations",
                "sync",
                "schedules.rotation",
                "Who takes turns, how long, and when they hand over.",
            ),
            (
                "Overrides",
                "swap_horiz",
                "schedules.override",
                "Somebody stands in for somebody, for a while.",
            ),
        ],
    ),
    (
        "How they are paged",
        [
            (
                "Policies",
                "stairs",
                "escalation.policy",
                "Levels, waits and rounds, with a preview of who is paged when.",
            ),
            (
                "Policy of each group",
                "link",
                "escalation.grouppolicy",
                "Which policy each group's alerts follow.",
            ),
            (
                "Notifications",
                "outbox",
                "escalation.notification",
                "Every message, to whom, by which channel, with what result.",
            ),
            (
                "Providers",
                "electrical_services",
                "escalation.circuit",
                "Whether each channel's provider answers.",
            ),
        ],
    ),
    (
        "What comes in",
        [
            (
                "Integrations",
                "cable",
                "integrations.integration",
                "One address per monitoring tool.",
            ),
            ("Routes", "alt_route", "integrations.route", "Which events go to which group."),
            (
                "Outbound connections",
                "send",
                "integrations.outboundconnection",
                "Which other tools hear about alerts.",
            ),
            (
                "Events received",
                "inbox",
                "integrations.inboundevent",
                "Everything that came in, and what became of it.",
            ),
        ],
    ),
    (
        "People",
        [
            ("People", "person", "accounts.user", "Who may sign in, and with which roles."),
            (
                "Contact methods",
                "smartphone",
                "accounts.contactmethod",
                "Phones, addresses and browsers, verified or not.",
            ),
            (
                "Notification rules",
                "rule",
                "accounts.notificationrule",
                "Each person's own order: text now, call after 3 minutes.",
            ),
            ("API tokens", "key", "accounts.apitoken", "Keys of programs, with scope and expiry."),
            ("Audit trail", "history", "accounts.auditentry", "Who changed what, when."),
        ],
    ),
    (
        "Engine",
        [
            (
                "Loops",
                "monitor_heart",
                "alertops.loopbeat",
                "When each loop of the engine last looked.",
            ),
            (
                "Self-tests",
                "health_and_safety",
                "alertops.probe",
                "A synthetic alert, the public address and each provider, tried all the time.",
            ),
            (
                "Clockwork",
                "schedule",
                "django_q.schedule",
                "What starts the loops; kept by the product, read-only.",
            ),
            ("Failed tasks", "error", "django_q.failure", "Tasks that ended with an error."),
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
                    "hint": hint,
                }
                for label, icon, model, hint in items
            ],
        }
        for title, items in _SECTIONS
    ]


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the console's start page the parts of the menu that this person may open."""
    sections = []
    for section in context.get("sidebar_navigation", []):
        items = [item for item in section["items"] if item["has_permission"]]
        if items:
            sections.append({"title": section["title"], "parts": items})
    return {**context, "sections": sections, "title": "Console"}


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
    "STYLES": [_asset("css/console.css")],
    "SCRIPTS": [_asset("js/console.js")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "alertops.console.start_page",
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
