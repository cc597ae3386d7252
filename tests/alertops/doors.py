"""Every address of the house, with something to put into its holes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

from tests.alertops.planted import NUMBER, SLUG

HOLE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Door:
    """One pattern of the resolver: its name, and its path with holes such as `<pk>`."""

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} {self.path}"

    def filled(self, with_: dict[str, str]) -> str:
        """Its path; a hole nothing is known about is filled as if it were a number."""
        return HOLE.sub(lambda hole: with_.get(hole[1], with_["pk"]), self.path)

    def to_the_team(self) -> str:
        """Its path to what was planted."""
        return self.filled(_fillings(self))


FILLINGS = {
    "slug": SLUG, "verb": "resolve", "step": "up", "kind": "email", "urgency": "high",
    "what": "reply", "word": "close", "dialect": "generic", "name": "any",
    "app_label": "alerts", "url": "alerts/alert/", "uidb36": "1", "count": "count",
    "key": "0" * 32, "token": "0" * 43, "routing_key": "any", "request_id": "any",
    "identifier": "any", "silence": "any", "pk": str(NUMBER),
}  # fmt: skip
ELSEWHERE = {
    "integrations:outbound-add": {"slug": "webhook"},
    "integrations:outbound-act": {"verb": "test"},
    "integrations:heartbeat-act": {"verb": "pause"},
    "integrations:revoke-key": {"key": str(NUMBER)},
    "integrations:ping-what": {"what": "fail"},
    "integrations:heartbeat": {"pk": str(NUMBER + 1)},
    "integrations:heartbeat-edit": {"pk": str(NUMBER + 1)},
    "api-heartbeat": {"pk": str(NUMBER + 1)},
    "api-heartbeat-verb": {"pk": str(NUMBER + 1), "verb": "pause"},
}  # fmt: skip


def _fillings(door: Door) -> dict[str, str]:
    known = {"word": "status"} if door.path.startswith("/api/alert/") else {}
    return FILLINGS | known | ELSEWHERE.get(door.name, {})


def doors() -> list[Door]:
    """All of them. A pattern that is added later is here by itself."""
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(
    patterns: list[URLPattern | URLResolver], before: str, spaces: tuple[str, ...]
) -> Iterator[Door]:
    for each in patterns:
        route = _plain(str(each.pattern))
        if isinstance(each, URLResolver):
            inner = (*spaces, each.namespace) if each.namespace else spaces
            yield from _walk(each.url_patterns, before + route, inner)
        else:
            name = each.name or each.lookup_str
            yield Door(":".join((*spaces, name)), f"/{before}{route}")


def _plain(route: str) -> str:
    """A route, or a regular expression, as a path with holes."""
    if not re.search(r"[$^\\(]", route):
        return route
    route = re.sub(r"\(\?:[^()]*\|[^()]*\)", "teams", re.sub(r"\(\?:/\.\*\)\?", "", route))
    return simplify_regex(route).lstrip("/").replace(".*", "")
