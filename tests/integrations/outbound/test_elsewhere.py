"""The alert's page leads to what other tools opened for it, and only those who see it read that."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from alerts.models import Alert
from groups.models import Group
from integrations.models import OutboundConnection, OutboundLink
from integrations.outbound import sender
from integrations.outbound.contract import Answer, Call, News, Place, Talk, Tool
from integrations.outbound.delivery import Claimed, deliver
from integrations.outbound.examples import EXAMPLE
from tests import builders
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import opened
from tests.integrations.outbound.test_two_way import REFERENCED, SIDES, Way

pytestmark = pytest.mark.django_db

SHOWN = {
    "github": ("acme/payments#1", "/acme/payments/issues/1"),
    "gitlab": ("acme/payments#1", "/acme/payments/-/issues/1"),
    "jira": ("OPS-1", "/browse/OPS-1"),
    "servicenow": ("INC00", "/nav_to.do?uri=incident.do%3Fsys_id%3D"),
    "slack": ("Message in C", "https://slack.com/app_redirect?channel=C"),
}


def linked(alert: Alert, name: str, url: str = "", reference: str = "1") -> OutboundLink:
    link = OutboundConnection.objects.create(
        name=f"Tool {OutboundConnection.objects.count()}", tool="jira", events=["opened"]
    )
    return OutboundLink.objects.create(
        connection=link, alert=alert, reference=reference, name=name, url=url
    )


def page(client: Client, user: User, alert: Alert) -> str:
    client.force_login(user)
    return client.get(alert.get_absolute_url()).content.decode()


@pytest.mark.parametrize("slug", REFERENCED)
@pytest.mark.parametrize("lost", [0, 1])
def test_the_page_of_the_alert_leads_to_what_each_tool_made(
    slug: str, lost: int, settings: Settings, clock: Clock, payments: Group, alice: User,
    client: Client,
) -> None:  # fmt: skip
    """Even where its answer was lost and it was looked for."""
    settings.OUTBOX_ONLY, settings.ALLOW_PRIVATE_TARGETS = False, ["127.0.0.1"]
    with ExitStack() as stack:
        way = Way(slug, SIDES[slug](stack), clock)
        way.side.double.lose = lost
        alert = opened(payments)
        sender.run_once(clock.now())
        if lost:
            clock.forward(minutes=1)
            sender.run_once(clock.now())
    place = OutboundLink.objects.get()
    name, url = SHOWN[slug]
    assert place.name.startswith(name)
    assert url in place.url
    shown = page(client, alice, alert)
    assert f'href="{place.url}"' in shown
    assert place.name in shown
    assert "In other tools" in shown


def test_who_may_not_see_the_alert_does_not_see_where_it_is_worked_on(
    client: Client, alice: User
) -> None:
    secret = builders.group("Secret", primary=(alice,))
    secret.visibility = "members"
    secret.save()
    alert = opened(secret)
    linked(alert, "OPS-17", "https://jira.example/browse/OPS-17")
    stranger = builders.person("Stranger")
    _, token = tokens.create(
        stranger, name="t", scopes=["read"], actor=stranger, now=alert.opened_at
    )
    bearer = {"Authorization": f"Bearer {token}"}
    client.force_login(stranger)
    for where in (f"/integrations/alerts/{alert.pk}/elsewhere/", alert.get_absolute_url()):
        answer = client.get(where)
        assert answer.status_code == 404
        assert b"OPS-17" not in answer.content
    assert Client().get(f"/api/v1/alerts/{alert.pk}/elsewhere/").status_code == 401
    answer = Client().get(f"/api/v1/alerts/{alert.pk}/elsewhere/", headers=bearer)
    assert (answer.status_code, b"OPS-17" in answer.content) == (404, False)
    assert "OPS-17" in page(client, alice, alert)


def test_what_a_tool_calls_it_is_text(client: Client, payments: Group, alice: User) -> None:
    alert = opened(payments)
    linked(alert, "<script>alert(1)</script>", 'https://x.example/"><script>')
    shown = page(client, alice, alert)
    assert "<script>alert" not in shown
    assert '"><script>' not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_an_alert_nobody_else_knows_has_no_such_card(
    client: Client, payments: Group, alice: User
) -> None:
    assert "In other tools" not in page(client, alice, opened(payments))


def test_more_tools_cost_no_more_queries(
    client: Client, payments: Group, alice: User, django_assert_max_num_queries: Any
) -> None:
    one, many = opened(payments, "One"), opened(payments, "Many")
    linked(one, "OPS-1")
    for number in range(9):
        linked(many, f"OPS-{number}", reference=str(number))
    counts = []
    page(client, alice, one)
    for alert in (one, many):
        with django_assert_max_num_queries(60) as asked:
            client.get(alert.get_absolute_url())
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_api_says_it_too(payments: Group, alice: User, clock: Clock) -> None:
    alert = opened(payments)
    linked(alert, "OPS-17", "https://jira.example/browse/OPS-17", "10042")
    _, token = tokens.create(alice, name="t", scopes=["read"], actor=alice, now=clock.now())
    answer = Client().get(
        f"/api/v1/alerts/{alert.pk}/elsewhere/", headers={"Authorization": f"Bearer {token}"}
    )
    [place] = answer.json()
    del place["created_at"]
    assert place == {
        "connection": "Tool 0",
        "tool": "jira",
        "reference": "10042",
        "name": "OPS-17",
        "url": "https://jira.example/browse/OPS-17",
    }


class Rude(Tool):
    slug, label, settings = "rude", "Rude", ()

    def __init__(self, url: str, place: Place) -> None:
        self.url, self.where = url, place

    def call(self, news: News, settings: Any, reference: str) -> Call | None:
        return Call(self.url, b"{}")

    def reference(self, answer: Answer) -> str:
        return "1"

    def place(self, settings: Any, reference: str, talk: Talk) -> Place:
        return self.where


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://x.example/1", "https://x.example/1"),
        ("javascript:alert(1)", ""),
        ("//x.example", ""),
        ("https://x.example/" + "x" * 500, ""),
    ],
)
def test_only_an_address_of_the_web_is_kept(
    said: str, kept: str, receiver: WebhookDouble, clock: Clock
) -> None:
    tool = Rude(receiver.base_url, Place("line one\nline two " + "x" * 200, said))
    result = deliver(Claimed(1, 1, 1, tool, {}, (), "", EXAMPLE), clock.now())
    assert result.place.url == kept
    assert result.place.name.startswith("line one line two")
    assert len(result.place.name) <= 120
