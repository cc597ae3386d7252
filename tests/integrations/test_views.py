"""The pages of integrations."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from accounts.roles import Role
from alerts.models import Alert
from groups.models import Group
from integrations import steps
from integrations.models import InboundEvent, Integration, Route
from integrations.vendors import VENDORS
from tests import builders
from tests.integrations.conftest import Send, make_integration, sent, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client) -> User:
    user = builders.person("Keeper", roles=[Role.INTEGRATIONS_ADMIN.value])
    client.force_login(user)
    return user


def page(client: Client, name: str, *args: object, **query: object) -> str:
    answer = client.get(reverse(f"integrations:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_pages_need_somebody_who_signs_in(client: Client, integration: Integration) -> None:
    for name, args in (("list", []), ("log", []), ("detail", [integration.pk]), ("event", [1])):
        answer = client.get(reverse(f"integrations:{name}", args=args))
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def test_mallory_sees_no_integration_and_no_event(
    client: Client, mallory: User, integration: Integration, send: Send
) -> None:
    event = sent(send(integration, {"title": "Disk full"}))
    client.force_login(mallory)
    assert integration.name not in page(client, "list")
    assert "Disk full" not in page(client, "log", q="Disk")
    assert client.get(reverse("integrations:detail", args=[integration.pk])).status_code == 404
    assert client.get(reverse("integrations:event", args=[event.pk])).status_code == 404
    for name in ("new-key", "test"):
        answer = client.post(reverse(f"integrations:{name}", args=[integration.pk]))
        assert answer.status_code == 404
    assert InboundEvent.objects.count() == 1


@pytest.mark.parametrize("kind", VENDORS)
def test_the_set_up_page_says_what_to_do(
    client: Client, keeper: User, payments: Group, kind: str
) -> None:
    integration = make_integration(payments, kind)
    html = page(client, "detail", integration.pk)
    assert escape(VENDORS[kind].label) in html
    assert integration.key not in html
    assert integration.key_prefix in html
    assert any(step.is_code for step in steps.steps(integration))


def test_a_new_key_is_shown_once_and_may_void_the_old(
    client: Client, keeper: User, integration: Integration, send: Send
) -> None:
    old = integration.key
    answer = client.post(reverse("integrations:new-key", args=[integration.pk]), {"grace": "none"})
    key = re.search(r"/integrations/([0-9a-f]{32})/", answer.content.decode())
    assert key
    assert answer["Cache-Control"] == "no-store"
    assert key[1] not in page(client, "detail", integration.pk)
    assert send(old, {}).status_code == 404
    assert send(key[1], {}).status_code == 202


@pytest.mark.parametrize("kind", VENDORS)
def test_a_test_event_goes_the_whole_way(
    client: Client, keeper: User, payments: Group, kind: str
) -> None:
    integration = make_integration(payments, kind)
    answer = client.post(reverse("integrations:test", args=[integration.pk]), follow=True)
    assert "Waiting" in answer.content.decode()
    work_off()
    assert Alert.objects.filter(source=integration, status="triggered").exists()


def test_a_test_event_of_a_switched_off_integration_says_why_not(
    client: Client, keeper: User, integration: Integration
) -> None:
    Integration.objects.update(is_active=False)
    answer = client.post(reverse("integrations:test", args=[integration.pk]), follow=True)
    assert "switched off" in answer.content.decode()


def test_the_log_is_searched_filtered_and_paged(
    client: Client, keeper: User, integration: Integration, send: Send, payments: Group
) -> None:
    other = make_integration(payments, name="Other")
    for number in range(120):
        send(integration if number % 2 else other, {"title": f"alert number {number:03}"})
    work_off()
    newest = InboundEvent.objects.order_by("-pk")[0].pk

    def numbers(html: str) -> list[int]:
        return [int(found) for found in re.findall(r"/integrations/log/(\d+)/", html)]

    first = page(client, "log")
    assert numbers(first) == list(range(newest, newest - 50, -1))
    second = page(client, "log", after=newest - 49)
    assert numbers(second)[0] == newest - 50
    assert numbers(page(client, "log", before=newest - 50)) == numbers(first)
    assert numbers(page(client, "log", after=newest - 119)) == []
    assert numbers(page(client, "log", q="number 007")) == [newest - 112]
    assert numbers(page(client, "log", q=str(newest - 3))) == [newest - 3]
    assert len(numbers(page(client, "log", integration=other.pk))) == 50
    assert numbers(page(client, "log", outcome="error")) == []
    assert len(numbers(page(client, "log", outcome="created"))) == 50
    for nonsense in ({"outcome": "x"}, {"integration": "x"}, {"after": "x"}, {"before": "9" * 40}):
        page(client, "log", **nonsense)


def test_hostile_bodies_are_escaped(
    client: Client, keeper: User, integration: Integration, send: Send
) -> None:
    evil = "<script>alert(1)</script>\u202e"
    event = sent(send(integration, {"title": evil, "dedup_key": evil, "x": [evil], "token": "s3"}))
    raw = sent(send(integration, evil.encode(), content_type="text/html"))
    for html in (page(client, "event", event.pk), page(client, "event", raw.pk)):
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, keeper: User, payments: Group, send: Send
) -> None:
    counts: dict[str, list[int]] = {"list": [], "log": []}
    for size in (2, 20):
        for number in range(size):
            send(make_integration(payments, name=f"{size} {number}"), {"title": "x"})
        work_off()
        for name, found in counts.items():
            with CaptureQueriesContext(connection) as queries:
                page(client, name)
            found.append(len(queries))
    for found in counts.values():
        assert found[0] == found[1]


def test_the_console_adds_an_integration_with_routes_and_shows_the_key(
    client: Client, keeper: User, payments: Group, send: Send
) -> None:
    form = {
        "name": "Prometheus",
        "kind": "generic",
        "is_active": "on",
        "group": payments.pk,
        "default_severity": "critical",
        "rate_per_minute": "600",
        "burst": "100",
        "map_title": "check.name",
        "mail_rules-TOTAL_FORMS": "0",
        "mail_rules-INITIAL_FORMS": "0",
        "routes-TOTAL_FORMS": "1",
        "routes-INITIAL_FORMS": "0",
        "routes-0-position": "1",
        "routes-0-name": "Tests",
        "routes-0-conditions": 'env equals test\n"alert name" exists',
        "routes-0-drop": "on",
    }
    add = reverse("admin:integrations_integration_add")
    answer = client.post(add, form, follow=True)
    html = answer.content.decode()
    key = re.search(r"/integrations/([0-9a-f]{32})/", html)
    assert key, html[:3000]
    made = Integration.objects.get()
    assert made.mapping == {"title": "check.name"}
    assert Route.objects.get().conditions == [
        {"field": "env", "operator": "equals", "value": "test"},
        {"field": "alert name", "operator": "exists", "value": ""},
    ]
    change = reverse("admin:integrations_integration_change", args=[made.pk])
    html = client.get(change).content.decode()
    assert key[1] not in html
    assert "check.name" in html
    sent(send(key[1], {"check": {"name": "Queue"}}))
    assert Alert.objects.get().title == "Queue"

    listed = client.get(reverse("admin:integrations_integration_changelist"))
    assert listed.status_code == 200
    for model in ("route", "inboundevent"):
        listed = client.get(reverse(f"admin:integrations_{model}_changelist"))
        assert listed.status_code == 200
    event = InboundEvent.objects.get()
    shown = client.get(reverse("admin:integrations_inboundevent_change", args=[event.pk]))
    assert shown.status_code == 200
    keys = reverse("admin:integrations_integration_open_page", args=[made.pk])
    assert "Make a new key" in client.get(keys, follow=True).content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"group": ""}, "somebody must answer"),
        ({"map_title": "a["}, "This is not a JMESPath expression"),
        ({"routes-0-conditions": "nonsense"}, "Line 1 is not a condition"),
        ({"routes-0-conditions": "a regex b("}, "is not a pattern"),
        ({"routes-0-conditions": "\na likes b"}, "Line 2: likes is not an operator"),
        ({"routes-0-drop": ""}, "Say what this route does with alerts"),
        ({"burst": "0"}, "greater than or equal to 1"),
    ],
)
def test_nonsense_in_the_console_is_answered_in_a_sentence(
    client: Client, keeper: User, payments: Group, change: dict, sentence: str
) -> None:
    form = {
        "name": "Prometheus",
        "kind": "generic",
        "is_active": "on",
        "group": payments.pk,
        "default_severity": "critical",
        "rate_per_minute": "600",
        "burst": "100",
        "mail_rules-TOTAL_FORMS": "0",
        "mail_rules-INITIAL_FORMS": "0",
        "routes-TOTAL_FORMS": "1",
        "routes-INITIAL_FORMS": "0",
        "routes-0-position": "1",
        "routes-0-name": "Tests",
        "routes-0-drop": "on",
    }
    answer = client.post(reverse("admin:integrations_integration_add"), {**form, **change})
    assert answer.status_code == 200
    html = answer.content.decode().replace("&#x27;", "'")
    assert sentence in html
    assert not Integration.objects.exists()
