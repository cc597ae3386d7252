"""Prometheus Alertmanager's API v2, so that a Prometheus or an amtool may point straight at us:

    /api/v2/…                        the key as bearer token or as password
    /integrations/<key>/api/v2/…     for whoever can only set an address

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

What is posted is stored and read as alerts; one whose end has come is resolved. Grouping, silences
and inhibition are an Alertmanager's own work: here they are routes and maintenance windows.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import re2
from django.http import HttpResponse
from django.urls import re_path
from rest_framework.request import Request

from alertops import clock
from alerts.models import Alert
from alerts.states import Status
from integrations import texts
from integrations.dropins.contract import Dialect, Heard
from integrations.dropins.door import DropInDoor, alerts_of, keep, reader, receive
from integrations.models import Integration
from integrations.vendors.alertmanager import alertmanager

_SHOWN = 1000
_NOTES = ("summary", "description", "message", "runbook_url")
_OPERATORS = ("!~", "=~", "!=", "=")
_RESOLVE_AFTER = timedelta(minutes=5)
_CLOCKS_APART = timedelta(seconds=2)
"""What ends sooner than this is over: whoever's clock is ahead of ours says "now", and some senders
say it once and never again. It must stay below four seconds: what goes on ends four evaluations
from now, and vmalert may evaluate each second."""


def moment(value: Any) -> datetime | None:
    """An instant as Go writes it; its zero time is none."""
    if not isinstance(value, str) or len(value) > 40 or value.startswith("0001-"):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _prepare(said: Any, heard: Heard) -> Any:
    """A posted alert has an end instead of a status: what is over is resolved."""
    posted = said if isinstance(said, list) else [said]
    return {"alerts": [_with_status(each, heard.at) for each in posted]}


def _with_status(posted: Any, at: datetime) -> Any:
    if not isinstance(posted, dict):
        return posted
    ends = moment(posted.get("endsAt"))
    is_over = ends is not None and ends <= at + _CLOCKS_APART
    return {**posted, "status": "resolved" if is_over else "firing"}


class _Door(DropInDoor):
    schemes = ("Bearer",)

    def key(self, request: Request) -> str:
        in_path = self.kwargs.get("key")
        return str(in_path) if in_path else super().key(request)

    def refuse(self, status: int, sentence: str) -> HttpResponse:
        """Alertmanager says no with a bare text as JSON."""
        return _json(status, sentence)

    def asked(self, request: Request) -> Integration:
        return reader(self.key(request))


def _json(status: int, content: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), status=status, content_type="application/json")


class Alerts(_Door):
    http_method_names = ("get", "post")

    def post(self, request: Request, key: str = "") -> HttpResponse:
        delivery = receive(request)
        posted = delivery.content.value
        keep(delivery, self.key(request), "alertmanager-api")
        if not isinstance(posted, list):
            return self.refuse(400, "The body is not a list of alerts; it was opened as one.")
        if wrong := next(filter(None, map(_complaint, posted)), ""):
            return self.refuse(400, f"{wrong} What could be read was opened all the same.")
        return HttpResponse(status=200, content_type="application/json")

    def get(self, request: Request, key: str = "") -> HttpResponse:
        integration = self.asked(request)
        try:
            matchers = [Matcher(text) for text in request.query_params.getlist("filter")[:20]]
        except BadMatcher as error:
            return self.refuse(400, str(error))
        return _json(200, list(_matching(integration, matchers, request)))


def _complaint(posted: Any) -> str:
    if not isinstance(posted, dict):
        return "An alert is an object."
    labels = posted.get("labels")
    if not isinstance(labels, dict) or not any(labels.values()):
        return "An alert needs at least one label."
    return ""


class Groups(_Door):
    """All alerts, as one group: grouping is done by routes here."""

    http_method_names = ("get",)

    def get(self, request: Request, key: str = "") -> HttpResponse:
        integration = self.asked(request)
        alerts = list(_matching(integration, [], request))
        group = {"labels": {}, "receiver": {"name": integration.name}, "alerts": alerts}
        return _json(200, [group] if alerts else [])


class House(_Door):
    """What amtool shows as status."""

    http_method_names = ("get",)

    def get(self, request: Request, key: str = "") -> HttpResponse:
        integration = self.asked(request)
        now = clock.now().isoformat()
        return _json(
            200,
            {
                "cluster": {"status": "disabled", "peers": []},
                "config": {"original": f"# AlertOps: {texts.line(integration.name)}\n"},
                "uptime": now,
                "versionInfo": dict.fromkeys(
                    ("branch", "buildDate", "buildUser", "goVersion", "revision"), ""
                )
                | {"version": "0.25.0-alertops"},
            },
        )


class Receivers(_Door):
    http_method_names = ("get",)

    def get(self, request: Request, key: str = "") -> HttpResponse:
        return _json(200, [{"name": self.asked(request).name}])


class Silences(_Door):
    """There are none: who must not be paged is said by a maintenance window, in the console."""

    http_method_names = ("get", "post", "delete")

    def get(self, request: Request, key: str = "", silence: str = "") -> HttpResponse:
        self.asked(request)
        if silence:
            return self.refuse(404, "There are no silences here; see maintenance windows.")
        return _json(200, [])

    def post(self, request: Request, key: str = "", silence: str = "") -> HttpResponse:
        self.asked(request)
        sentence = "Silences are not kept here: plan a maintenance window under Integrations."
        return self.refuse(400, sentence)

    delete = post


class BadMatcher(Exception):
    """It is not one; the message says so."""


class Matcher:
    """`name="value"`, with !=, =~ and !~ as well, on labels."""

    def __init__(self, text: str) -> None:
        found = min(
            ((at, each) for each in _OPERATORS if (at := text.find(each)) > 0),
            key=lambda pair: (pair[0], _OPERATORS.index(pair[1])),
            default=None,
        )
        if found is None or len(text) > 500:
            raise BadMatcher(f"bad matcher format: {texts.line(text, 100)}")
        at, self.operator = found
        self.name = text[:at].strip().strip('"')
        self.value = text[at + len(self.operator) :].strip()
        if len(self.value) > 1 and self.value[0] == self.value[-1] == '"':
            self.value = self.value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if self.operator.endswith("~"):
            self._compile()

    def _compile(self) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 20
        try:
            self.pattern = re2.compile(f"^(?:{self.value})$", options)
        except re2.error:
            raise BadMatcher(f"bad matcher pattern: {texts.line(self.value, 100)}") from None

    def fits(self, labels: dict[str, str]) -> bool:
        value = labels.get(self.name, "")
        if self.operator.endswith("~"):
            found = self.pattern.search(value) is not None
        else:
            found = value == self.value
        return found is not self.operator.startswith("!")


def _matching(
    integration: Integration, matchers: list[Matcher], request: Request
) -> Iterator[dict[str, Any]]:
    """The open alerts that fit, newest first, as Alertmanager tells of them."""
    asked = request.query_params
    rows = alerts_of(integration).exclude(status=Status.RESOLVED).order_by("-opened_at", "-id")
    wants = {name: asked.get(name, "true").lower() != "false" for name in ("active", "silenced")}
    for alert in rows[:_SHOWN]:
        told = _gettable(alert, integration)
        is_quiet = told["status"]["state"] == "suppressed"
        if not wants["silenced" if is_quiet else "active"]:
            continue
        if all(matcher.fits(told["labels"]) for matcher in matchers):
            yield told


def _gettable(alert: Alert, integration: Integration) -> dict[str, Any]:
    words = {name: texts.words(value) for name, value in alert.details.items()}
    labels = {name: value for name, value in words.items() if name not in _NOTES}
    labels.setdefault("alertname", alert.title)
    notes = {name: words[name] for name in _NOTES if name in words}
    notes = {"summary": alert.title, "description": alert.description, **notes}
    is_quiet = alert.snoozed_until is not None or alert.suppressed
    source = next((each["href"] for each in alert.links if each.get("text") == "Expression"), "")
    return {
        "labels": labels,
        "annotations": {name: text for name, text in notes.items() if text},
        "fingerprint": hashlib.sha256(alert.dedup_key.encode()).hexdigest()[:16],
        "receivers": [{"name": integration.name}],
        "startsAt": alert.opened_at.isoformat(),
        "updatedAt": alert.last_event_at.isoformat(),
        "endsAt": (clock.now() + _RESOLVE_AFTER).isoformat(),
        "generatorURL": source,
        "status": {
            "state": "suppressed" if is_quiet else "active",
            "silencedBy": [],
            "inhibitedBy": [],
        },
    }


_ADDRESSES = (
    (r"alerts", Alerts),
    (r"alerts/groups", Groups),
    (r"status", House),
    (r"receivers", Receivers),
    (r"silences", Silences),
    (r"silence/(?P<silence>[^/]+)", Silences),
)
urls = tuple(
    re_path(rf"^{prefix}api/v2/{address}/?$", view.as_view())
    for prefix in ("", r"integrations/(?P<key>[^/]+)/")
    for address, view in _ADDRESSES
)
dialects = (Dialect("alertmanager-api", alertmanager, _prepare),)
