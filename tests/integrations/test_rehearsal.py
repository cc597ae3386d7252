"""The simulator reads a pasted event as the inbox would, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from alerts.models import Alert
from escalation.models import Notification
from integrations.models import InboundEvent, Integration, Route
from integrations.rehearsal import rehearse
from tests import builders
from tests.conftest import MONDAY, Clock

pytestmark = pytest.mark.django_db

PAGE = "/simulate/event/"


@pytest.fixture
def admin(db: None) -> User:
    return builders.person("Olga", roles=["owner"])


@pytest.fixture
def tool(alice: User, bob: User, clock: Clock) -> Integration:
    """Goes to Payments; what mentions storage goes to Storage, what is a test to nobody."""
    payments = builders.group(primary=(alice,))
    storage = builders.group("Storage", primary=(bob,))
    made = Integration(name="Checks", kind="generic", group=payments)
    made.save()
    Route.objects.create(
        integration=made,
        position=1,
        name="storage",
        conditions=[{"field": "team", "operator": "equals", "value": "storage"}],
        group=storage,
        severity="high",
    )
    Route.objects.create(
        integration=made,
        position=2,
        name="tests",
        conditions=[{"field": "title", "operator": "starts", "value": "test"}],
        drop=True,
    )
    return made


def body(**fields: Any) -> str:
    return json.dumps({"title": "Disk is full", "dedup_key": "disk", **fields})


def test_the_route_that_wins_and_who_would_be_paged(tool: Integration) -> None:
    (one,) = rehearse(tool, body(team="storage"), MONDAY).found
    assert (one.routed_by, str(one.group), one.severity) == ("storage", "Storage", "high")
    assert one.simulation is not None
    assert "Bob" in one.simulation.rows[0].whom
    assert not Alert.objects.exists()
    assert not Notification.objects.exists()
    assert not InboundEvent.objects.exists()


def test_without_a_route_the_integration_itself_decides(tool: Integration) -> None:
    (one,) = rehearse(tool, body(), MONDAY).found
    assert one.routed_by == "integration"
    assert one.simulation is not None
    assert "Alice" in one.simulation.rows[0].whom


def test_what_a_route_drops_is_said(tool: Integration) -> None:
    (one,) = rehearse(tool, body(title="Test only"), MONDAY).found
    assert one.is_dropped
    assert one.routed_by == "tests"
    assert one.simulation is None


def test_an_event_for_an_open_alert_is_added_to_it(tool: Integration, clock: Clock) -> None:
    InboundEvent.objects.create(integration=tool, body=body().encode())
    clock.look()
    (one,) = rehearse(tool, body(), MONDAY).found
    assert one.open_alert == Alert.objects.get()
    assert one.simulation is None
    (end,) = rehearse(tool, body(status="resolved"), MONDAY).found
    assert (end.action, end.open_alert) == ("resolve", Alert.objects.get())
    assert Alert.objects.get().event_count == 1


@pytest.mark.parametrize("text", ["", "{", "\x00", "[[[[", '{"a": 1e999}', "disk full", "null"])
def test_nonsense_is_read_as_the_inbox_would_read_it(tool: Integration, text: str) -> None:
    done = rehearse(tool, text, MONDAY)
    assert done.found or done.detail


def test_many_alerts_of_one_body_cost_no_more_than_a_few(
    tool: Integration, django_assert_max_num_queries: Any
) -> None:
    many = json.dumps([{"title": f"Disk {n}", "dedup_key": str(n)} for n in range(200)])
    rehearse(tool, body(), MONDAY)
    with django_assert_max_num_queries(80):
        done = rehearse(tool, many, MONDAY)
    assert len(done.found) <= 20


def test_the_page_shows_the_route_and_the_chain(
    client: Client, admin: User, tool: Integration
) -> None:
    client.force_login(admin)
    assert client.get(PAGE).status_code == 200
    answer = client.post(PAGE, {"integration": tool.pk, "payload": body(team="storage")})
    text = answer.content.decode()
    assert "route “storage”" in text
    assert "Bob" in text
    assert "Alice" not in text
    assert client.get("/simulate/").content.decode().count(PAGE) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"integration": "nonsense", "payload": "x"},
        {"integration": "-1", "payload": "x"},
        {"integration": "999999", "payload": "{}"},
        {"payload": "x" * 300_000},
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    client: Client, admin: User, tool: Integration, fields: dict[str, str]
) -> None:
    client.force_login(admin)
    answer = client.post(PAGE, fields)
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()


def test_a_title_is_shown_as_text(client: Client, admin: User, tool: Integration) -> None:
    client.force_login(admin)
    evil = body(title="<script>alert(1)</script>")
    answer = client.post(PAGE, {"integration": tool.pk, "payload": evil})
    assert b"<script>alert(1)" not in answer.content


def test_only_those_who_manage_integrations_may_ask(
    client: Client, alice: User, tool: Integration
) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(alice)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/simulate/").content.decode()
    assert "/simulate/" in client.get("/").content.decode(), "the way there is in the menu"


def ask(client: Client, **wanted: Any) -> Any:
    return client.post("/api/v1/simulate/", wanted, content_type="application/json")


def test_the_api_says_which_route_wins_and_who_is_paged_when(
    client: Client, admin: User, tool: Integration
) -> None:
    client.force_login(admin)
    payload = {"title": "Disk is full", "dedup_key": "disk", "team": "storage"}
    answer = ask(client, integration=tool.pk, payload=payload)
    assert answer.status_code == 200, answer.content
    (one,) = answer.json()["found"]
    told = {name: one[name] for name in ("title", "action", "routed_by", "group", "severity")}
    assert told == {
        "title": "Disk is full",
        "action": "trigger",
        "routed_by": "storage",
        "group": "storage",
        "severity": "high",
    }
    steps = one["simulation"]["steps"]
    assert [person["name"] for person in steps[0]["people"]] == ["Bob"]
    assert ask(client, integration=tool.pk, payload=json.dumps(payload)).json() == answer.json()
    assert not Alert.objects.exists()
    assert not InboundEvent.objects.exists()


def test_the_api_still_simulates_an_alert_of_a_group(
    client: Client, admin: User, tool: Integration
) -> None:
    client.force_login(admin)
    answer = ask(client, group="payments")
    assert answer.status_code == 200, answer.content
    assert answer.json()["group"] == "payments"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"integration": 999_999, "payload": {}}, "integration"),
        ({"integration": None, "payload": {}}, "integration"),
        ({"payload": {}}, "group"),
        ({"integration": "x"}, "integration"),
    ],
)
def test_the_api_answers_a_wrong_question_with_a_sentence(
    client: Client, admin: User, wanted: dict[str, Any], sentence: str
) -> None:
    client.force_login(admin)
    answer = ask(client, **wanted)
    assert answer.status_code == 400, answer.content
    assert sentence in answer.json()["error"]


def test_nobody_else_simulates_events_through_the_api(
    client: Client, alice: User, tool: Integration
) -> None:
    client.force_login(alice)
    assert ask(client, integration=tool.pk, payload={}).status_code == 403
