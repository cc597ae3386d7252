"""Events, integrations and routes through the API."""

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from alertops import clock
from alerts.models import Alert
from groups.models import Group
from integrations.models import EventOutcome, InboundEvent, Integration, MailRule, Route
from tests import builders
from tests.integrations.conftest import Send, make_integration, sent, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(db: None) -> User:
    """Somebody whose role manages integrations and nothing else."""
    return builders.person("Keeper", roles=[Role.INTEGRATIONS_ADMIN.value])


@pytest.fixture
def as_keeper(client: Client, keeper: User) -> Client:
    client.force_login(keeper)
    return client


def event_of(client: Client, pk: int, key: str = "") -> object:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.get(f"/api/v1/events/{pk}/", headers=headers)


def test_the_key_that_sent_an_event_shows_what_became_of_it(
    integration: Integration, send: Send, client: Client
) -> None:
    pk = send(integration, {"title": "Disk full", "dedup_key": "k"}).json()["event"]
    waiting = event_of(client, pk, integration.key).json()
    assert (waiting["id"], waiting["outcome"], waiting["processed_at"]) == (pk, None, None)
    assert waiting["alerts"] == []

    work_off()
    told = event_of(client, pk, integration.key).json()
    alert = Alert.objects.get()
    assert told["outcome"] == "created"
    assert told["processed_at"]
    assert told["alerts"] == [
        {
            "id": alert.pk,
            "number": alert.pk,
            "dedup_key": "k",
            "outcome": "created",
            "routed_by": "integration",
        }
    ]


def test_another_key_a_stranger_and_mallory_see_nothing(
    integration: Integration, send: Send, client: Client, mallory: User, payments: Group
) -> None:
    event = sent(send(integration, {"title": "Disk full"}))
    other = make_integration(payments, name="other")
    assert event_of(client, event.pk, other.key).status_code == 404
    assert event_of(client, event.pk).status_code in {401, 403}
    assert event_of(client, event.pk, "0" * 32).status_code in {401, 403}
    client.force_login(mallory)
    assert event_of(client, event.pk).status_code == 404
    assert client.get("/api/v1/integrations/").status_code == 403
    assert client.get(f"/api/v1/integrations/{integration.pk}/").status_code == 403
    assert client.post(f"/api/v1/integrations/{integration.pk}/rotate-key/").status_code == 403
    assert client.delete(f"/api/v1/integrations/{integration.pk}/").status_code == 403
    integration.refresh_from_db()
    assert integration.is_active


def test_those_who_manage_integrations_see_every_event(
    integration: Integration, send: Send, as_keeper: Client
) -> None:
    event = sent(send(integration, {"title": "Disk full"}))
    assert event_of(as_keeper, event.pk).json()["outcome"] == "created"


def test_a_token_that_may_only_read_changes_nothing(
    client: Client, keeper: User, integration: Integration
) -> None:
    _, raw = tokens.create(keeper, name="t", scopes=["read"], actor=keeper, now=clock.now())
    headers = {"Authorization": f"Bearer {raw}"}
    assert client.get("/api/v1/integrations/", headers=headers).status_code == 200
    address = f"/api/v1/integrations/{integration.pk}/rotate-key/"
    answer = client.post(address, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"] == "This token lacks the scope write."
    _, raw = tokens.create(keeper, name="t", scopes=["write"], actor=keeper, now=clock.now())
    assert client.post(address, headers={"Authorization": f"Bearer {raw}"}).status_code == 200


def test_an_integration_is_added_and_its_key_told_once(
    as_keeper: Client, payments: Group, send: Send
) -> None:
    answer = as_keeper.post(
        "/api/v1/integrations/",
        {"name": "Prometheus", "kind": "alertmanager", "group": "payments"},
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["url"].endswith(f"/integrations/{made['key']}/")
    assert send(made["key"], {"alerts": []}).status_code == 202
    again = as_keeper.get(f"/api/v1/integrations/{made['id']}/").json()
    assert again["key"] is None
    assert again["key_prefix"] == made["key"][:6]

    rotated = as_keeper.post(f"/api/v1/integrations/{made['id']}/rotate-key/").json()
    assert send(made["key"], {}).status_code == 404
    assert send(rotated["key"], {}).status_code == 202


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"group": None}, "somebody must answer"),
        ({"name": ""}, "name"),
        ({"kind": "nagios9"}, "kind"),
        ({"mapping": {"title": "a["}}, "not a JMESPath expression"),
        ({"mapping": {"colour": "a"}}, "not a field that can be mapped"),
        ({"mapping": 5}, "mapping"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
        ({"name": "a\x00b"}, "name"),
        ({"policy": 10**30}, "policy"),
    ],
)
def test_nonsense_about_an_integration_is_answered_in_a_sentence(
    as_keeper: Client, payments: Group, change: dict, sentence: str
) -> None:
    good = {"name": "Prometheus", "kind": "generic", "group": "payments"}
    answer = as_keeper.post(
        "/api/v1/integrations/", {**good, **change}, content_type="application/json"
    )
    assert answer.status_code == 400, answer.content
    assert sentence in answer.json()["error"]
    assert not Integration.objects.exists()


def test_routes_are_added_changed_and_removed(
    as_keeper: Client, integration: Integration, payments: Group
) -> None:
    address = f"/api/v1/integrations/{integration.pk}/routes/"
    condition = {"field": "labels.team", "operator": "equals", "value": "db"}
    answer = as_keeper.post(
        address,
        {"name": "Databases", "conditions": [condition], "group": "payments"},
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    pk = answer.json()["id"]
    assert [route["name"] for route in as_keeper.get(address).json()] == ["Databases"]
    changed = as_keeper.patch(
        f"/api/v1/routes/{pk}/", {"severity": "low"}, content_type="application/json"
    )
    assert changed.json()["severity"] == "low"
    assert as_keeper.delete(f"/api/v1/routes/{pk}/").status_code == 204
    assert not Route.objects.exists()


def test_rules_for_mails_are_added_changed_and_removed(
    as_keeper: Client, integration: Integration
) -> None:
    address = f"/api/v1/integrations/{integration.pk}/mail-rules/"
    rule = {"value": "RECOVERED", "action": "resolve", "key_pattern": r"ID: (\d+)"}
    answer = as_keeper.post(address, rule, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["where"], made["operator"]) == ("subject", "contains")
    assert as_keeper.get(address).json() == [made]
    one = f"/api/v1/mail-rules/{made['id']}/"
    changed = as_keeper.patch(one, {"where": "body"}, content_type="application/json")
    assert changed.json() == as_keeper.get(one).json() == {**made, "where": "body"}
    assert as_keeper.delete(one).status_code == 204
    assert not MailRule.objects.exists()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"value": "x"}, "action"),
        ({"action": "resolve"}, "Write what to look for"),
        ({"action": "resolve", "operator": "regex", "value": "a("}, "is not a pattern"),
        ({"action": "resolve", "value": "x", "key_pattern": "a("}, "is not a pattern"),
        ({"action": "explode", "value": "x"}, "action"),
    ],
)
def test_nonsense_about_a_rule_for_mails_is_answered_in_a_sentence(
    as_keeper: Client, integration: Integration, rule: dict, sentence: str
) -> None:
    address = f"/api/v1/integrations/{integration.pk}/mail-rules/"
    answer = as_keeper.post(address, rule, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert sentence in answer.json()["error"]
    assert not MailRule.objects.exists()


def test_nobody_else_sees_or_changes_rules_for_mails(
    client: Client, integration: Integration, mallory: User
) -> None:
    rule = MailRule.objects.create(integration=integration, value="x", action="resolve")
    client.force_login(mallory)
    assert client.get(f"/api/v1/integrations/{integration.pk}/mail-rules/").status_code == 403
    assert client.get(f"/api/v1/mail-rules/{rule.pk}/").status_code == 403
    assert client.delete(f"/api/v1/mail-rules/{rule.pk}/").status_code == 403
    assert MailRule.objects.exists()


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ({}, "or that it drops them"),
        ({"drop": True, "group": "payments"}, "not both"),
        (
            {
                "severity": "low",
                "conditions": [{"field": "title", "operator": "regex", "value": "a("}],
            },
            "is not a pattern",
        ),
        (
            {
                "severity": "low",
                "conditions": [{"field": "title", "operator": "like", "value": "a"}],
            },
            "operator",
        ),
        ({"severity": "low", "conditions": [{"field": "title", "operator": "equals"}]}, "value"),
        ({"severity": "low", "conditions": "x"}, "conditions"),
    ],
)
def test_nonsense_about_a_route_is_answered_in_a_sentence(
    as_keeper: Client, integration: Integration, route: dict, sentence: str
) -> None:
    answer = as_keeper.post(
        f"/api/v1/integrations/{integration.pk}/routes/",
        {"name": "R", **route},
        content_type="application/json",
    )
    assert answer.status_code == 400, answer.content
    assert sentence in answer.json()["error"]


def test_an_integration_with_alerts_cannot_be_removed(
    as_keeper: Client, integration: Integration, send: Send, payments: Group
) -> None:
    sent(send(integration, {"title": "x"}))
    answer = as_keeper.delete(f"/api/v1/integrations/{integration.pk}/")
    assert answer.status_code == 409
    assert "switch it off" in answer.json()["error"]
    assert EventOutcome.objects.count() == 1
    unused = make_integration(payments, name="unused")
    assert as_keeper.delete(f"/api/v1/integrations/{unused.pk}/").status_code == 204
    assert InboundEvent.objects.count() == 1
