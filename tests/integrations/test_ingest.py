"""The door: what is answered, what is stored."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert
from groups.models import Group
from integrations.models import InboundEvent, Integration
from integrations.states import Outcome
from tests.integrations.conftest import Send, make_integration, sent, work_off
from tests.integrations.hostile import HOSTILE

pytestmark = pytest.mark.django_db


def test_an_event_is_stored_before_anybody_looks_into_it(
    integration: Integration, send: Send
) -> None:
    answer = send(integration, {"title": "Disk full"}, headers={"User-Agent": "tool/1.0"})
    assert answer.status_code == 202
    event = InboundEvent.objects.get(pk=answer.json()["event"])
    assert bytes(event.body) == b'{"title": "Disk full"}'
    assert event.headers == {"user-agent": "tool/1.0"}
    assert event.processed_at is None
    assert not Alert.objects.exists()


def test_storing_takes_one_statement(
    integration: Integration, send: Send, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert send(integration, {"title": "Disk full"}).status_code == 202


def test_an_unknown_key_is_404_and_leaves_no_row(integration: Integration, send: Send) -> None:
    for key in ("wrong", "0" * 32, "é" * 20, integration.key[:-1], integration.key + "x"):
        answer = send(key, {"title": "x"})
        assert answer.status_code == 404
        assert answer.json() == {"error": "No active integration has this key."}
    integration.is_active = False
    integration.save()
    assert send(integration, {"title": "x"}).status_code == 404
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_nothing_but_post_changes_anything(
    integration: Integration, client: Client, method: str
) -> None:
    answer = getattr(client, method)(f"/integrations/{integration.key}/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert not InboundEvent.objects.exists()


def test_the_slash_at_the_end_may_be_missing(integration: Integration, client: Client) -> None:
    answer = client.post(
        f"/integrations/{integration.key}", b'{"title": "x"}', content_type="application/json"
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_one_event_and_an_alert(
    integration: Integration, send: Send, name: str
) -> None:
    body, content_type, encoding = HOSTILE[name]
    headers = {"Content-Encoding": encoding} if encoding else {}
    if len(body) > 1024 * 1024:
        pytest.skip("over the cap")
    event = sent(send(integration, body, content_type=content_type, headers=headers))
    assert InboundEvent.objects.count() == 1
    assert bytes(event.body) == body
    assert event.outcome in {Outcome.CREATED, Outcome.ERROR}
    assert Alert.objects.count() >= 1
    alert = Alert.objects.order_by("pk")[0]
    assert alert.title
    assert alert.wake_at is not None


def test_a_body_over_the_cap_is_413_and_an_alert_says_so(
    integration: Integration, send: Send
) -> None:
    answer = send(integration, b'{"title": "' + b"x" * 1_200_000 + b'"}')
    assert answer.status_code == 413
    assert "alert" in answer.json()["error"]
    event = InboundEvent.objects.get()
    assert len(bytes(event.body)) == 65_536
    work_off()
    assert Alert.objects.get().title == "Oversized payload from Our generic"


def test_what_is_over_the_cap_an_hour_later_is_told_although_the_first_is_in_hand(
    integration: Integration, send: Send
) -> None:
    body = b'{"title": "' + b"x" * 1_200_000 + b'"}'
    for hours, alerts in ((3, 1), (3, 1), (1, 2)):
        send(integration, body)
        newest = InboundEvent.objects.latest("pk")
        newest.received_at = newest.received_at.replace(minute=30) - timedelta(hours=hours)
        newest.save(update_fields=["received_at"])
        work_off()
        assert Alert.objects.count() == alerts
        Alert.objects.update(status="acknowledged", acknowledged_at=newest.received_at)


def test_a_body_over_the_cap_for_an_unknown_key_leaves_nothing(send: Send, db: None) -> None:
    assert send("f" * 32, b"x" * 1_200_000).status_code == 404
    assert not InboundEvent.objects.exists()


def test_too_many_events_are_429_and_page_once(payments, send: Send) -> None:
    integration = make_integration(payments, rate_per_minute=60, burst=8)
    answers = [send(integration, {"title": f"alert {number}"}) for number in range(30)]
    codes = [answer.status_code for answer in answers]
    assert codes[0] == 202
    assert 429 in codes
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused["Retry-After"]) >= 1
    assert "too many" in refused.json()["error"]
    work_off()
    storms = Alert.objects.filter(dedup_key="alertops:storm")
    assert [alert.title for alert in storms] == [
        "Our generic sends too many events; some were refused"
    ]
    assert storms[0].group == payments
    assert Alert.objects.count() == codes.count(202) + 1


def test_one_storm_does_not_slow_the_neighbours(payments, send: Send) -> None:
    loud = make_integration(payments, rate_per_minute=1, burst=1)
    quiet = make_integration(payments, name="quiet")
    while send(loud, {"title": "x"}).status_code == 202:
        pass
    assert send(quiet, {"title": "x"}).status_code == 202


def test_hostile_headers_are_stored_without_harm(integration: Integration, client: Client) -> None:
    answer = client.post(
        f"/integrations/{integration.key}/?a=%00" + "q" * 5000,
        b'{"title": "x"}',
        content_type="a/\x00b\udcff" + "c" * 500,
        headers={"User-Agent": "u\x00\x1b" + "x" * 5000, "X-Request-Id": "é\udcfe"},
        QUERY_STRING="a=\x00\udcff" + "q" * 5000,
    )
    event = sent(answer)
    assert event.outcome == Outcome.CREATED
    assert len(event.content_type) == 200


PAGE = {
    "event_action": "trigger",
    "payload": {"summary": "Lag on db-1", "source": "db-1", "severity": "error"},
}


def enqueue(client: Client, event: object, key: str = "") -> object:
    body = {"routing_key": key, **event} if isinstance(event, dict) and key else event
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/v2/enqueue", content, content_type="application/json")


def test_pagerduty_events_open_acknowledge_and_resolve(
    integration: Integration, client: Client
) -> None:
    answer = enqueue(client, PAGE, integration.key)
    assert answer.status_code == 202
    told = answer.json()
    assert told["status"] == "success"
    assert told["message"] == "Event processed"
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.dedup_key) == (
        "Lag on db-1",
        "high",
        told["dedup_key"],
    )
    for action, status in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        event = {"event_action": action, "dedup_key": told["dedup_key"]}
        assert enqueue(client, event, integration.key).status_code == 202
        work_off()
        alert.refresh_from_db()
        assert alert.status == status


def test_pagerduty_triggers_without_a_key_are_alerts_of_their_own(
    integration: Integration, client: Client
) -> None:
    keys = {enqueue(client, PAGE, integration.key).json()["dedup_key"] for _ in range(3)}
    assert len(keys) == 3
    work_off()
    assert Alert.objects.count() == 3


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({"event_action": "trigger"}, "'payload' is missing or blank"),
        ({"event_action": "shout"}, "'event_action' must be one of"),
        ({"event_action": "resolve"}, "'dedup_key' is missing or blank"),
        ({**PAGE, "payload": {"summary": "x"}}, "'payload.source' is missing or blank"),
        (
            {**PAGE, "payload": {"summary": "x", "source": "y", "severity": "bad"}},
            "'payload.severity' must be one of critical, error, warning, info",
        ),
    ],
)
def test_what_pagerduty_calls_invalid_is_400(
    integration: Integration, client: Client, event: dict, complaint: str
) -> None:
    answer = enqueue(client, event, integration.key)
    assert answer.status_code == 400
    told = answer.json()
    assert told["status"] == "invalid event"
    assert any(error.startswith(complaint) for error in told["errors"])
    work_off()
    # Nothing that could have been a page is lost, nothing else is made.
    assert Alert.objects.count() == (0 if event["event_action"] == "resolve" else 1)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"event_action": 1}'])
def test_pagerduty_events_without_a_key_are_400(client: Client, db: None, body: bytes) -> None:
    answer = enqueue(client, body)
    assert answer.status_code == 400
    assert "'routing_key' is missing or blank" in answer.json()["errors"]
    assert not InboundEvent.objects.exists()


def test_a_broken_pagerduty_event_with_a_key_still_pages(
    integration: Integration, client: Client
) -> None:
    body = b'{"routing_key": "%s", "event_action": "trigger", "payl' % integration.key.encode()
    assert enqueue(client, body).status_code == 400
    work_off()
    assert Alert.objects.get().title == "An event from Our generic could not be read"


def test_an_unknown_routing_key_is_400(client: Client, db: None) -> None:
    answer = enqueue(client, PAGE, "f" * 32)
    assert answer.status_code == 400
    assert answer.json()["errors"] == ["No active integration has this routing_key"]
    assert not InboundEvent.objects.exists()


def test_the_key_is_stored_hashed(integration: Integration) -> None:
    integration.refresh_from_db()
    assert len(integration.key) == 32
    stored = integration.keys.values().get()
    assert integration.key not in json.dumps(stored, default=str)
    assert stored["prefix"] == integration.key[:6]


def test_a_tool_that_insists_on_200_is_told_200(payments: Group, send: Send) -> None:
    tool = make_integration(payments, "signalfx")
    assert send(tool, {"incidentId": "A", "status": "anomalous"}).status_code == 200
    assert send(tool, b"not json").status_code == 200
    assert InboundEvent.objects.count() == 2


def test_what_a_tool_says_in_the_address_alone_is_read_like_a_form(
    payments: Group, send: Send
) -> None:
    robot = make_integration(payments, "uptimerobot")
    said = (
        "monitorID=7&monitorFriendlyName=Our+shop&monitorURL=https%3A%2F%2Fshop.example&alertType="
    )
    sent(send(robot, b"", QUERY_STRING=f"{said}1&alertTypeFriendlyName=Down"))
    alert = Alert.objects.get()
    assert (alert.title, alert.status) == ("Our shop is Down", "triggered")
    sent(send(robot, b"", QUERY_STRING=f"{said}2&alertTypeFriendlyName=Up"))
    assert Alert.objects.get().status == "resolved"
