"""What everybody who signs in must see while it is so: nobody is paged, or a self-test fails."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from alertops import identity, probes

FRESH = 5.0
"""Seconds an answer is good for: pages must not pay for it each time."""

_kept: tuple[float, list[str]] = (float("-inf"), [])


def standing() -> list[str]:
    """The sentences, gravest first. Empty while all is well."""
    global _kept
    if time.monotonic() - _kept[0] > FRESH:
        _kept = (time.monotonic(), _ask())
    return _kept[1]


def _ask() -> list[str]:
    try:
        held = identity.held()
        failing = probes.standing() if settings.SELF_TESTS else []
    except Error:
        return []
    found = [f"NOBODY IS PAGED. {held}"] if held else []
    return found + [f"Self-test “{probe.name}” fails: {probe.detail}" for probe in failing]


def forget() -> None:
    """Ask anew next time (tests)."""
    global _kept
    _kept = (float("-inf"), [])


def on_pages(request: HttpRequest) -> dict[str, object]:
    """Context processor. Asked only by templates that show it, for people who are signed in."""

    def ask() -> list[str]:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        return standing() if user.is_staff else [said for said in standing() if "NOBODY" in said]

    return {"house_notices": SimpleLazyObject(ask)}
