"""Opsgenie's API by hand: slashes, names, requests, hostile bodies; and apprise."""

import json
from typing import Any

import pytest
from apprise.plugins import opsgenie as apprise_opsgenie
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.dropins import door
from integrations.dropins.opsgenie.names import id_of, number_of
from integrations.models import Heartbeat, InboundEvent, Integration
from integrations.states import Outcome
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.hostile import HOSTILE

pytestmark = pytest.mark.django_db


class Api:
    """Opsgenie's API with one key, without any client's help."""

    def __init__(self, client: Client, key: str) -> None:
        self._client, self._key = client, key

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._client.generic(
            method,
            path,
            b"" if body is None else content,
            content_type="application/json",
            headers={"Authorization": f"GenieKey {self._key}", **headers},
        )

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send it, let it be worked off, and return what became of it."""
        accepted = self(method, path, body)
        assert accepted.status_code == 202, accepted.content
        work_off()
        told: dict[str, Any] = self(
            "GET", f"/v2/alerts/requests/{accepted.json()['requestId']}"
        ).json()
        return told["data"]


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "opsgenie")


@pytest.fixture
def api(client: Client, ours: Integration) -> Api:
    return Api(client, ours.key)


def made(api: Api, alias: str = "db-1/disk") -> Alert:
    api.done("POST", "/v2/alerts", {"message": "Disk full", "alias": alias})
    return Alert.objects.get(dedup_key=alias)


@pytest.mark.parametrize("slash", ["", "/"])
def test_slashes_at_the_end_do_not_matter(api: Api, slash: str) -> None:
    told = api.done("POST", f"/v2/alerts{slash}", {"message": "Disk full", "alias": "a/b"})
    assert told["status"] == "Created alert"
    for path in (
        f"/v2/alerts{slash}",
        f"/v2/alerts/count{slash}",
        f"/v2/alerts/{told['alertId']}{slash}",
    ):
        assert api("GET", path).status_code == 200
    assert (
        api("GET", f"/v2/alerts/a%2Fb{slash}?identifierType=alias").json()["data"]["alias"] == "a/b"
    )
    told = api.done("POST", f"/v2/alerts/a%2Fb/close{slash}?identifierType=alias")
    assert told["status"] == "Closed alert"


def test_what_is_asked_never_overtakes_what_was_sent_before(api: Api) -> None:
    """All of it waits in the inbox together and is worked off in one batch."""
    made_by = api("POST", "/v2/alerts", {"message": "Disk full", "alias": "d"}).json()["requestId"]
    api("POST", "/v2/alerts/d/tags?identifierType=alias", {"tags": ["disk"]})
    api("POST", f"/v2/alerts/{made_by}/notes", {"note": "by the request's number"})
    api("POST", "/v2/alerts/d/close?identifierType=alias", {"note": "over"})
    again = api("POST", "/v2/alerts", {"message": "Disk full again", "alias": "d"}).json()
    work_off()
    first, second = Alert.objects.order_by("pk")
    assert (first.status, first.tags) == ("resolved", ["disk"])
    assert [fact.kind for fact in first.events.order_by("id")] == ["opened", "noted", "resolved"]
    assert second.status == "triggered"
    api.done("POST", f"/v2/alerts/{again['requestId']}/acknowledge")
    second.refresh_from_db()
    assert second.status == "acknowledged"


def test_closing_an_old_alert_by_id_spares_the_new_one_with_its_alias(api: Api) -> None:
    old = made(api)
    api.done("POST", f"/v2/alerts/{id_of(old.pk)}/close")
    api.done("POST", "/v2/alerts", {"message": "Disk full", "alias": "db-1/disk"})
    api.done("POST", f"/v2/alerts/{id_of(old.pk)}/close")
    assert Alert.objects.exclude(pk=old.pk).get().status == "triggered"


def test_a_bare_number_is_a_request_and_never_an_alert_by_chance(api: Api) -> None:
    for number in range(3):
        made(api, f"a{number}")
    api.done("POST", "/v2/alerts", {"message": "Again", "alias": "a0"})
    event = InboundEvent.objects.order_by("-pk")[0]
    api.done("POST", f"/v2/alerts/{event.pk}/close")
    assert Alert.objects.get(status="resolved").dedup_key == "a0"
    for number in (0, 1, 2**60 - 1):
        assert number_of(id_of(number)) == number
    assert number_of("052652ac-5d1c-464a-812a-7dd18bbfba8c") is None


def test_what_cannot_be_done_is_told_at_the_request(api: Api) -> None:
    alert = made(api)
    path = f"/v2/alerts/{id_of(alert.pk)}"
    nobody = api.done("POST", f"{path}/assign", {"owner": {"username": "nobody@example.com"}})
    assert (nobody["isSuccess"], nobody["action"]) == (False, "Assign")
    assert nobody["status"] == "Nobody here has the e-mail address nobody@example.com."
    long_ago = api.done("POST", f"{path}/snooze", {"endTime": "2020-01-01T00:00:00Z"})
    assert long_ago["status"] == "Choose a time in the future to snooze until."
    for name in ("052652ac-5d1c-464a-812a-7dd18bbfba8c", "99999999", "x" * 300):
        told = api.done("POST", f"/v2/alerts/{name}/acknowledge")
        assert not told["isSuccess"]
        assert "not exist" in told["status"]
    alert.refresh_from_db()
    assert (alert.status, alert.snoozed_until) == ("triggered", None)
    waits = api("POST", f"{path}/acknowledge").json()["requestId"]
    assert api("GET", f"/v2/alerts/requests/{waits}").status_code == 404


def test_assigning_to_a_team_hands_it_to_the_group(api: Api, payments: Group) -> None:
    other = Group.objects.create(name="Database", slug="database")
    alert = made(api)
    api.done("POST", f"/v2/alerts/{id_of(alert.pk)}/teams", {"team": {"name": "database"}})
    alert.refresh_from_db()
    assert alert.group == other


@pytest.mark.parametrize(
    ("method", "word", "body"),
    [
        ("POST", "snooze", {}),
        ("POST", "snooze", {"endTime": "soon"}),
        ("POST", "assign", {"owner": {}}),
        ("POST", "teams", {"team": {"id": "x"}}),
        ("POST", "notes", {"note": " "}),
        ("POST", "tags", {"tags": []}),
        ("POST", "details", {"details": "x"}),
        ("PUT", "message", {"message": ""}),
        ("DELETE", "tags", None),
        ("DELETE", "details", {"keys": 5}),
    ],
)
def test_a_verb_without_what_it_needs_is_refused_and_not_kept(
    api: Api, method: str, word: str, body: Any
) -> None:
    alert = made(api)
    before = InboundEvent.objects.count()
    answer = api(method, f"/v2/alerts/{id_of(alert.pk)}/{word}", body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert InboundEvent.objects.count() == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/v2/alerts", 405),
        ("DELETE", "/v2/alerts/x/close", 405),
        ("GET", "/v2/alerts/x/close", 405),
        ("GET", "/v2/alerts/saved-searches", 404),
        ("GET", "/v2/alerts/x/recipients", 404),
        ("GET", "/v2/heartbeats/x", 404),
        ("GET", "/v2/alerts/x", 404),
        ("GET", "/v2/alerts/%00?identifierType=alias", 404),
        ("GET", "/v2/alerts?limit=1000", 422),
        ("GET", "/v2/alerts?offset=20000", 422),
        ("GET", "/v2/alerts?sort=colour", 422),
        ("GET", "/v2/alerts?query=colour:red", 422),
        ("GET", "/v2/alerts?query=status:open%20OR%20x", 422),
    ],
)
def test_what_is_not_answered_says_so_in_opsgenies_shape(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = api(method, path)
    assert answer.status_code == status
    assert answer.json()["message"].endswith(".")
    assert answer.json()["requestId"]


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/x/notes", "/v2/alerts/x/close"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_body_is_answered_and_nothing_breaks(api: Api, path: str, body: Any) -> None:
    content = body if isinstance(body, bytes) else body[0]
    for kind in ("id", "alias"):
        answer = api("POST", f"{path}?identifierType={kind}", content)
        assert answer.status_code in {202, 400, 413, 422}
    work_off()
    assert not InboundEvent.objects.waiting().exists()
    if path == "/v2/alerts":
        assert InboundEvent.objects.count() == 2, "what may be a page is kept, whatever is in it"


def test_nobody_elses_key_opens_anything(
    client: Client, ours: Integration, payments: Group
) -> None:
    alert = made(Api(client, ours.key))
    other = Api(client, make_integration(payments, "opsgenie", name="Another").key)
    for name, kind in ((id_of(alert.pk), "id"), (str(alert.pk), "tiny"), ("db-1/disk", "alias")):
        path = f"/v2/alerts/{name}"
        assert other("GET", f"{path}?identifierType={kind}").status_code == 404
        assert other("GET", f"{path}/notes?identifierType={kind}").status_code == 404
        assert not other.done("POST", f"{path}/close?identifierType={kind}")["isSuccess"]
    event = InboundEvent.objects.filter(integration=ours).get()
    assert other("GET", f"/v2/alerts/requests/{event.pk}").status_code == 404
    for key in ("", "f" * 32, "é"):
        stranger = Api(client, key)
        assert stranger("GET", "/v2/alerts").status_code == 401
        assert stranger("POST", "/v2/alerts", {"message": "x"}).status_code == 401
    assert client.get("/v2/alerts").status_code == 401
    alert.refresh_from_db()
    assert alert.status == "triggered"


def test_too_many_questions_are_told_when_to_come_back_and_stop_no_event(
    client: Client, payments: Group
) -> None:
    limited = make_integration(payments, "opsgenie", rate_per_minute=60, burst=4)
    api = Api(client, limited.key)
    answers = [api("GET", "/v2/alerts") for _ in range(12)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1
    assert api("POST", "/v2/alerts", {"message": "still heard"}).status_code == 202
    door.forget_limits()


def test_a_heartbeat_is_pinged_by_name_within_the_integrations_own_group(
    api: Api, payments: Group
) -> None:
    other = Group.objects.create(name="Database", slug="database")
    for name, group in (("Nightly backup", payments), ("Theirs", other)):
        beat = Heartbeat(name=name, group=group, period_seconds=3600)
        beat.issue_key()
        beat.save()
    answer = api("GET", "/v2/heartbeats/Nightly%20backup/ping")
    assert (answer.status_code, answer.json()["result"]) == (202, "PONG - Heartbeat received")
    assert Heartbeat.objects.get(name="Nightly backup").ping_count == 1
    for name in ("Theirs", "Nobody", "%00"):
        assert api("POST", f"/v2/heartbeats/{name}/ping/").status_code == 404
    assert Heartbeat.objects.get(name="Theirs").ping_count == 0


@pytest.mark.django_db(transaction=True)
def test_apprise_creates_acknowledges_and_closes(
    live_server: LiveServer, ours: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the alert by the number of its request."""
    urls = {"us": f"{live_server.url}/v2/alerts"}
    monkeypatch.setattr(apprise_opsgenie, "OPSGENIE_API_LOOKUP", urls)
    plugin = apprise_opsgenie.NotifyOpsgenie(apikey=ours.key, targets=[], priority=1)
    plugin.request_rate_per_sec = 0
    for action, became in (
        ("new", "triggered"),
        ("acknowledge", "acknowledged"),
        ("close", "resolved"),
    ):
        plugin.action = action
        assert plugin.send("Nothing left", title="Disk full")
        work_off()
        alert = Alert.objects.get()
        assert (alert.title, alert.status) == ("Disk full", became)
    assert InboundEvent.objects.exclude(outcome=Outcome.ERROR).count() == 3
