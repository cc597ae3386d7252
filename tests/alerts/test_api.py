"""Alerts over the API: same list, same verbs, same rules."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts import tokens
from alertops import clock
from alerts import actions
from alerts.models import Alert
from alerts.states import Status, Verb
from groups.models import Group
from tests import builders
from tests.alerts.conftest import NOON, program

pytestmark = pytest.mark.django_db

CONTRACT = {
    "id", "number", "title", "description", "status", "severity", "group", "assignee",
    "integration", "dedup_key", "event_count", "links", "opened_at", "acknowledged_at",
    "resolved_at", "url",
}  # fmt: skip


def act(verb, alert, actor, **more):
    actions.apply(verb, alert.pk, actions.Move(actor=actor, now=clock.now(), **more))


def body_of(verb, person):
    bodies = {
        Verb.ASSIGN: {"assignee": person.email},
        Verb.SNOOZE: {"minutes": 60},
        Verb.NOTE: {"note": "Looking"},
    }
    return bodies.get(verb, {})


def test_an_alert_has_the_fields_of_the_contract(alice, alert):
    act(Verb.ACKNOWLEDGE, alert, alice)

    data = program(alice).get(f"/api/v1/alerts/{alert.pk}/").json()

    assert set(data) >= CONTRACT
    assert data["number"] == data["id"] == alert.pk
    assert (data["group"], data["assignee"]) == ("payments", "alice@example.com")
    assert data["integration"] == "Datadog"
    assert data["opened_at"] == "2026-03-02T12:00:00Z"
    assert data["resolved_at"] is None
    assert data["url"] == f"{settings.PUBLIC_URL}/alerts/{alert.pk}/"


def test_mallory_finds_nothing(mallory, bob, alert):
    client = program(mallory)

    assert client.get("/api/v1/alerts/").json()["results"] == []
    assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == 404
    assert client.get(f"/api/v1/alerts/{alert.pk}/timeline/").status_code == 404
    for verb in Verb:
        path = f"/api/v1/alerts/{alert.pk}/{verb.value}/"
        assert client.post(path, body_of(verb, bob), format="json").status_code == 404
    made = client.post("/api/v1/alerts/", {"title": "x", "group": "payments"}, format="json")
    assert made.status_code == 400
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_stranger_is_told_to_authenticate(alert):
    for path in ("/api/v1/alerts/", f"/api/v1/alerts/{alert.pk}/"):
        response = APIClient().get(path)
        assert response.status_code in {401, 403}
        assert set(response.json()) == {"error"}


def test_a_token_that_may_only_read_changes_nothing(alice, alert):
    def call(*scopes):
        _, raw = tokens.create(alice, name="ci", scopes=scopes, actor=alice, now=clock.now())
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {raw}")
        assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == 200
        return client.post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {}, format="json")

    assert call("read").status_code == 403
    assert Alert.objects.get().status == Status.TRIGGERED
    assert call("write").status_code == 200
    assert Alert.objects.get().acknowledged_by == alice


def test_a_session_without_its_form_token_is_refused(alice, alert):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {}, format="json")

    assert response.status_code == 403
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_stakeholder_reads_and_does_not_answer(stan, bob, alert):
    Group.objects.update(visibility="everyone")
    client = program(stan)

    assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == 200
    for verb in Verb:
        path = f"/api/v1/alerts/{alert.pk}/{verb.value}/"
        assert client.post(path, body_of(verb, bob), format="json").status_code == 403


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"One", "Two", "Three"}),
        ("status=open", {"One", "Two"}),
        ("status=triggered", {"One"}),
        ("status=acknowledged", {"Two"}),
        ("status=resolved", {"Three"}),
        ("severity=low", {"Two"}),
        ("group=payments", {"One", "Two", "Three"}),
        ("integration=Datadog", {"One", "Two", "Three"}),
        ("integration=Nagios", set()),
        ("dedup_key=key-2", {"Two"}),
        ("q=thr", {"Three"}),
    ],
)
def test_the_list_can_be_narrowed(alice, open_alert, query, titles):
    open_alert("One")
    act(Verb.ACKNOWLEDGE, open_alert("Two", severity="low"), alice)
    act(Verb.RESOLVE, open_alert("Three"), alice)

    results = program(alice).get(f"/api/v1/alerts/?{query}").json()["results"]

    assert {found["title"] for found in results} == titles


@pytest.mark.parametrize(
    "query",
    [
        "status=x",
        "severity=x",
        "group=nope",
        "limit=0",
        "limit=1000",
        "limit=x",
        "after=x",
        "q=%00",
    ],
)
def test_a_filter_that_makes_no_sense_is_a_sentence(alice, alert, query):
    response = program(alice).get(f"/api/v1/alerts/?{query}")

    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert len(response.json()["error"]) > 10


def test_pages_of_the_list_join_without_gap_or_repeat(alice, open_alert):
    for number in range(25):
        open_alert(f"Alert {number}")
    client, url, seen = program(alice), "/api/v1/alerts/?limit=7&status=open", []
    while url:
        page = client.get(url.removeprefix(settings.PUBLIC_URL)).json()
        seen += [found["id"] for found in page["results"]]
        url = page["next"]

    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 25
    before = client.get(page["previous"].removeprefix(settings.PUBLIC_URL)).json()
    assert [found["id"] for found in before["results"]] == seen[14:21]


def test_more_rows_cost_no_more_queries(alice, open_alert):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            program(alice).get("/api/v1/alerts/")
        return len(queries)

    for number in range(5):
        act(Verb.ACKNOWLEDGE, open_alert(f"Alert {number}"), alice)
    few = cost()
    for number in range(40):
        act(Verb.ACKNOWLEDGE, open_alert(f"More {number}"), alice)
    assert cost() == few


def test_an_alert_is_opened_and_pages(alice, payments):
    body = {"title": "Down", "group": "payments", "severity": "high", "description": "All of it"}

    response = program(alice).post("/api/v1/alerts/", body, format="json")

    assert response.status_code == 201
    alert = Alert.objects.get()
    assert response.json()["id"] == alert.pk
    assert (alert.group, alert.severity, alert.opened_by) == (payments, "high", alice)
    assert alert.wake_at == NOON


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "title"),
        ({"title": "x"}, "Name a group or an assignee"),
        ({"title": "x", "group": "payments", "assignee": "bob@example.com"}, "one of the two"),
        ({"title": "x", "group": "nope"}, "There is no group 'nope' that you can see."),
        ({"title": "x", "assignee": "who"}, "There is no person 'who' that you can see."),
        ({"title": "x", "group": "payments", "severity": "bad"}, "severity"),
        ({"title": "x" * 201, "group": "payments"}, "title"),
        ({"title": "a\x00", "group": "payments"}, "title"),
        ({"title": ["x"], "group": {"a": 1}}, "title"),
        ([1, 2], "Invalid data"),
    ],
)
def test_a_body_that_makes_no_sense_is_a_sentence(alice, bob, payments, body, sentence):
    response = program(alice).post("/api/v1/alerts/", body, format="json")

    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert not Alert.objects.exists()


def test_a_body_that_is_not_json_is_a_sentence(alice):
    client = program(alice)

    for raw in ("{", '{"title": NaN', "\xff\xfe", "[" * 100_000):
        response = client.post("/api/v1/alerts/", raw, content_type="application/json")
        assert response.status_code == 400
        assert response.json()["error"]


def test_a_body_over_the_cap_is_refused(alice):
    body = b'{"title": "' + b"x" * 2**21 + b'"}'

    response = program(alice).post("/api/v1/alerts/", body, content_type="application/json")

    assert response.status_code == 413
    assert response.json() == {"error": "The body is larger than 1024 KiB."}


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_works_and_answers_with_the_alert(alice, bob, alert, verb):
    if verb == Verb.UNACKNOWLEDGE:
        act(Verb.ACKNOWLEDGE, alert, bob)

    path = f"/api/v1/alerts/{alert.pk}/{verb.value}/"
    response = program(alice).post(path, body_of(verb, bob), format="json")

    assert response.status_code == 200
    alert.refresh_from_db()
    assert response.json()["status"] == alert.status
    last = alert.events.order_by("-pk").first()
    assert (last.actor, last.data["via"]) == (alice, "api")


@pytest.mark.parametrize(
    "verb", [Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.ESCALATE, Verb.ASSIGN, Verb.SNOOZE]
)
def test_a_verb_the_status_does_not_allow_is_a_conflict(alice, bob, alert, verb):
    act(Verb.RESOLVE, alert, alice)

    path = f"/api/v1/alerts/{alert.pk}/{verb.value}/"
    response = program(alice).post(path, body_of(verb, bob), format="json")

    assert response.status_code == 409
    assert response.json()["error"].startswith("This alert is resolved; it cannot be ")
    assert Alert.objects.get().status == Status.RESOLVED


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("assign", {}),
        ("assign", {"assignee": "nobody@example.com"}),
        ("assign", {"assignee": "bob@example.com", "group": "payments"}),
        ("snooze", {}),
        ("snooze", {"minutes": 0}),
        ("snooze", {"minutes": 99999}),
        ("snooze", {"minutes": "soon"}),
        ("snooze", {"until": "tomorrow"}),
        ("snooze", {"minutes": 5, "until": "2026-03-03T00:00:00Z"}),
        ("note", {}),
        ("note", {"note": ""}),
        ("note", {"note": "x" * 5001}),
    ],
)
def test_a_verb_with_nonsense_is_a_sentence(alice, bob, alert, verb, body):
    response = program(alice).post(f"/api/v1/alerts/{alert.pk}/{verb}/", body, format="json")

    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert alert.events.count() == 1


def test_snoozing_into_the_past_is_a_conflict(alice, alert):
    body = {"until": "2026-03-02T11:00:00Z"}

    response = program(alice).post(f"/api/v1/alerts/{alert.pk}/snooze/", body, format="json")

    assert response.status_code == 409
    assert "future" in response.json()["error"]


def test_an_alert_can_be_handed_to_another_group(alice, alert):
    platform = builders.group("Platform")

    path = f"/api/v1/alerts/{alert.pk}/assign/"
    response = program(alice).post(path, {"group": "platform"}, format="json")

    assert response.json()["group"] == "platform"
    alert.refresh_from_db()
    assert alert.group == platform


def test_the_timeline_tells_it_in_order_and_in_pages(alice, alert):
    clock.forward(timedelta(minutes=1))
    act(Verb.ACKNOWLEDGE, alert, alice, via="sms")
    clock.forward(timedelta(minutes=1))
    act(Verb.RESOLVE, alert, alice, note="Pool was full")
    client, path = program(alice), f"/api/v1/alerts/{alert.pk}/timeline/"

    results = client.get(path).json()["results"]
    assert [fact["kind"] for fact in results] == ["opened", "acknowledged", "resolved"]
    assert results[1]["actor"] == "alice@example.com"
    assert results[1]["data"] == {"via": "sms"}
    assert results[1]["at"] == "2026-03-02T12:01:00Z"

    first = client.get(path + "?limit=2").json()
    rest = client.get(first["next"].removeprefix(settings.PUBLIC_URL)).json()
    assert [fact["kind"] for fact in rest["results"]] == ["resolved"]
    assert rest["next"] is None
    assert client.get(path + "?limit=0").status_code == 400
