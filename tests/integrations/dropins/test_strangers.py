"""Every door of every drop-in API, with every key that is not the right one: nothing of an alert,
of its integration or of its people is told, and nothing is changed."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alertops import clock
from alerts.models import Alert
from groups.models import Group
from integrations import actions
from integrations.dropins.opsgenie.names import id_of
from integrations.models import InboundEvent, Integration
from tests import builders
from tests.integrations.conftest import make_integration, work_off

pytestmark = pytest.mark.django_db

TITLE, KEY, NOTE = "Vault is sealed", "vault/1", "the unseal keys are in the safe"
READS = (
    "GET /v2/alerts", "GET /v2/alerts?query=status:open", "GET /v2/alerts/count",
    "GET /v2/alerts/{id}", "GET /v2/alerts/{pk}?identifierType=tiny",
    "GET /v2/alerts/{quoted}?identifierType=alias", "GET /v2/alerts/{event}",
    "GET /v2/alerts/{id}/notes", "GET /v2/alerts/{id}/logs", "GET /v2/alerts/requests/{event}",
    "GET /v2/alerts/{pk}/logs?identifierType=tiny", "GET /v2/heartbeats/x/ping", "GET /v2/teams",
    "GET /api/alerts", "GET /api/alerts/count", "GET /api/alert/{pk}",
    "GET /api/alert/event-{event}", "GET /api/v2/alerts", "GET /api/v2/alerts/groups",
    "GET /api/v2/status",
    "GET /api/v2/receivers", "GET /api/v2/silences",
    "GET /integrations/{key}/api/v2/alerts", "GET /integrations/{key}/api/v2/receivers",
    "GET /integrations/v1/webhook/{key}/heartbeat/", "GET /api/v1/events/{event}/",
)  # fmt: skip
WRITES = (
    "POST /v2/alerts/{id}/close", "POST /v2/alerts/{pk}/acknowledge?identifierType=tiny",
    "POST /v2/alerts/{quoted}/close?identifierType=alias", "DELETE /v2/alerts/{id}",
    "PUT /api/alert/{pk}/action", "PUT /api/alert/event-{event}/status", "DELETE /api/alert/{pk}",
)  # fmt: skip
ALWAYS = {"GET /integrations/{key}/api/v2/alerts"}
TELLING = {
    "GenieKey": ALWAYS | {"GET /v2/alerts", "GET /v2/alerts/{id}", "GET /v2/alerts/{event}"},
    "Key": ALWAYS | {"GET /api/alerts", "GET /api/alert/{pk}", "GET /api/alert/event-{event}"},
    "Bearer": ALWAYS | {"GET /api/v2/alerts", "GET /api/v2/alerts/groups", "GET /api/alerts"},
    "Basic": ALWAYS | {"GET /v2/alerts", "GET /api/alerts", "GET /api/v2/alerts"},
}
BODY = b'{"action": "close", "status": "closed", "note": "x"}'


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "opsgenie", name="Our vault")


@pytest.fixture
def sealed(ours: Integration) -> Alert:
    """An alert that all APIs may speak of: their doors ask for no kind."""
    client = Client()
    said = {"message": TITLE, "alias": KEY, "description": NOTE, "note": NOTE}
    headers = {"Authorization": f"GenieKey {ours.key}"}
    client.post("/v2/alerts", said, content_type="application/json", headers=headers)
    work_off()
    return Alert.objects.get()


def voided(other: Integration) -> str:
    old = other.key
    actions.rotate_key(other, grace=timedelta(), actor=None, now=clock.now())
    return old


def switched_off(other: Integration) -> str:
    Integration.objects.filter(pk=other.pk).update(is_active=False)
    return other.key


KEYS: dict[str, tuple[str, Callable[[Integration], str]]] = {
    "of another integration": ("theirs", lambda other: other.key),
    "of none": ("theirs", lambda other: "f" * 32),
    "empty": ("theirs", lambda other: ""),
    "of an integration that is switched off": ("ours", switched_off),
    "that was replaced": ("ours", voided),
}


def asked(client: Client, what: str, key: str, alert: Alert, scheme: str) -> Any:
    method, _, path = what.partition(" ")
    event = InboundEvent.objects.order_by("pk")[0].pk
    where = path.format(
        id=id_of(alert.pk), pk=alert.pk, event=event, key=key or "none", quoted="vault%2F1"
    )
    basic = base64.b64encode(f"x:{key}".encode()).decode()
    said = f"Basic {basic}" if scheme == "Basic" else f"{scheme} {key}"
    body = b"" if method == "GET" else BODY
    return client.generic(
        method, where, body, content_type="application/json", headers={"Authorization": said}
    )


@pytest.mark.parametrize("whose", KEYS)
@pytest.mark.parametrize("scheme", ["GenieKey", "Key", "Bearer", "Basic"])
def test_a_key_that_is_not_its_own_learns_nothing_and_changes_nothing(
    client: Client, sealed: Alert, ours: Integration, whose: str, scheme: str
) -> None:
    strangers = builders.group("Strangers", visibility="members")
    theirs = make_integration(strangers, "opsgenie", name="Theirs")
    by, key_of = KEYS[whose]
    key = key_of(ours if by == "ours" else theirs)
    before = Alert.objects.values().get()
    for what in (*READS, *WRITES):
        answer = asked(client, what, key, sealed, scheme)
        assert answer.status_code < 500, what
        for secret in (TITLE, KEY, NOTE, "Our vault", "Payments", "alice@"):
            named = secret == KEY and "quoted" in what  # it was said by whoever asks
            assert named or secret not in answer.content.decode(), f"{what} tells {secret}"
        if whose != "of another integration":
            assert answer.status_code in {401, 403, 404, 405}, what
    work_off()
    assert Alert.objects.values().get() == before


@pytest.mark.parametrize("scheme", ["GenieKey", "Key", "Bearer", "Basic"])
def test_the_right_key_learns_it(
    client: Client, sealed: Alert, ours: Integration, scheme: str
) -> None:
    """Else the test above could not fail."""
    answers = {what: asked(client, what, ours.key, sealed, scheme) for what in READS}
    told = {what for what, answer in answers.items() if TITLE in answer.content.decode()}
    assert told >= TELLING[scheme]


@pytest.mark.parametrize("scheme", ["GenieKey", "Key", "Bearer", "Basic"])
def test_the_address_of_a_mailbox_opens_no_alert_to_readers(
    client: Client, sealed: Alert, ours: Integration, scheme: str
) -> None:
    """It stands in the head of every mail that was ever sent there."""
    Integration.objects.update(kind="email")
    for what in READS:
        answer = asked(client, what, ours.key, sealed, scheme)
        assert answer.status_code in {401, 403, 404}, what
        assert TITLE not in answer.content.decode(), what
