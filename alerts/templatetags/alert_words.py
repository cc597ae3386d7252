"""The words for the small facts of timelines and details."""

import json
from typing import Any

from django import template

from accounts.channels import CHANNELS
from alertops import durations

register = template.Library()

_VIA = {
    "link": "by the link in a message",
    "api": "through the API",
    "console": "in the console",
}
_AIMS = {
    "primary": "Primary",
    "secondary": "Secondary",
    "manager": "Manager",
    "everyone": "All members",
    "user": "A named person",
    "group": "Another group",
    "contact": "The group's own contact",
}
_CHOSEN_BY = {
    "integration": "chosen by the integration",
    "route": "chosen by the route",
    "group": "the group's policy",
    "default": "the default policy",
}
_FALLBACKS = {
    "managers": "the group's Managers",
    "members": "all members of the group",
    "contact": "the group's own contact address",
    "admins": "the App Admins",
}
_LONGEST_VALUE = 2000


@register.filter
def via(data: dict[str, Any]) -> str:
    """How an answer came, where that is worth saying."""
    word = str(data.get("via", ""))
    return CHANNELS[word].answered if word in CHANNELS else _VIA.get(word, "")


@register.filter
def aim(word: Any) -> str:
    """Whom a level names."""
    return _AIMS.get(str(word), str(word or ""))


@register.filter
def chosen_by(word: Any) -> str:
    """Which setting chose the policy."""
    return _CHOSEN_BY.get(str(word), "")


@register.filter
def fallback(word: Any) -> str:
    """Who is told when nobody is left."""
    return _FALLBACKS.get(str(word), "the fallback")


@register.filter
def channel(kind: Any) -> str:
    """The name of a channel."""
    known = CHANNELS.get(str(kind))
    return str(known.label) if known else str(kind or "")


@register.filter
def seconds(count: Any) -> str:
    """A length of time as people write it."""
    return durations.words(count) if isinstance(count, int) else ""


@register.filter
def facts(details: Any) -> list[tuple[str, str]]:
    """Details as name and value; what is nested stays JSON, what is endless is cut."""
    rows = details.items() if isinstance(details, dict) else []
    return [(str(name), _text(value)) for name, value in rows]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + " …"
