"""Those who knock at every door: how they ask, and what they may not be told or change."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from groups.models import Group
from tests import builders
from tests.alertops.doors import Door
from tests.alertops.planted import NUMBER, SLUG, Planted, theirs

# A form as somebody would send who hopes that one field of it is not looked at.
HOPEFUL: dict[str, Any] = {
    "group": NUMBER, "groups": [NUMBER], "user": NUMBER, "person": NUMBER, "users": [NUMBER],
    "replaces": NUMBER,
    "schedule": NUMBER, "integration": NUMBER, "integrations": [NUMBER], "assignee": NUMBER,
    "alert": NUMBER, "alerts": [NUMBER], "numbers": [NUMBER], "policy": NUMBER, "to": NUMBER,
    "contact_method": NUMBER, "covered_by": NUMBER, "offered_to": NUMBER, "slug": SLUG,
    "name": "Hello", "title": "Hello", "reason": "x", "note": "Hello", "severity": "critical",
    "minutes": 30, "verb": "resolve", "action": "resolve", "role": "primary", "kind": "email",
    "email": "mallory@example.com", "address": "mallory@example.com", "code": "123456",
    "starts_at": "2031-01-01T09:00", "ends_at": "2031-01-01T10:00", "time_zone": "UTC",
    "starts_on": "2031-01-01", "answer": "agreed", "confirm": "yes", "save": "1",
    "tool": "webhook", "url": "https://example.com/", "events": ["opened"], "first": 1, "last": 9,
}  # fmt: skip


def browser(user: User | None = None) -> Client:
    """A browser that must show the form's token like any other, and gets a 500 instead of a
    traceback."""
    made = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        made.force_login(user)
        made.get("/me/")
    return made


def ask(client: Client, method: str, path: str, body: Any = None, **headers: Any) -> HttpResponse:
    """One request; a database error in it spoils nothing that comes later."""
    cookie = client.cookies.get(settings.CSRF_COOKIE_NAME)
    if cookie is not None:
        headers["HTTP_X_CSRFTOKEN"] = cookie.value
    if method not in {"get", "head"}:
        headers |= {"content_type": "application/json", "data": json.dumps(body or {})}
        if not path.startswith(("/api/", "/v2/", "/integrations/v1/", "/generic/")):
            headers["content_type"] = "application/x-www-form-urlencoded"
            headers["data"] = urlencode(body or {}, doseq=True)
    with transaction.atomic():
        answer = getattr(client, method)(path, **headers)
        if answer.status_code >= 500:
            transaction.set_rollback(True)
    return answer


def said(answer: HttpResponse) -> str:
    """All that the answer tells, its headers too."""
    body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    headers = " ".join(value for _, value in answer.items())
    return headers + " " + body.decode(errors="replace")


def leaks(answer: HttpResponse, planted: Planted, asked: str) -> list[str]:
    """What of the team the answer tells, apart from what was in the question."""
    text = said(answer).replace(asked, "")
    return [word for word in planted.unspeakable if word in text.replace(SLUG, "")]


def roles() -> dict[str, list[str]]:
    return {"no responder": ["billing_admin"], "a responder": ["basic"],
            "a stakeholder": ["stakeholder"]}  # fmt: skip


def stranger(of: str) -> User:
    """Somebody who signs in and has nothing to do with the planted team."""
    user = builders.person("Mallory", roles=roles()[of], channels=("email",))
    if of == "a responder":
        own = builders.group("Other", primary=(user,), visibility=Group.Visibility.MEMBERS)
        own.members.update(can_edit=True)
    return user


def changed(before: dict[str, Any]) -> dict[str, Any]:
    """What of the team is not as it was; None for what is gone."""
    now = theirs()
    return {name: now.get(name) for name in {**before, **now} if now.get(name) != before.get(name)}


def failed(door: Door, answer: HttpResponse) -> bool:
    """Whether it broke. That the engine does not run in a test is no failure of its door."""
    return answer.status_code >= 500 and not (
        door.name == "engine-health" and answer.status_code == 503
    )
