"""Mapping by example, and the complaints that made it: cumbersome, and a new alert when the
payload changed."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from alerts.models import Alert
from integrations import expressions, texts
from integrations.models import InboundEvent, Integration
from integrations.sample_paths import fields_of, joined, parts
from tests import builders
from tests.integrations.conftest import Send, sent

pytestmark = pytest.mark.django_db

PAYLOAD = {
    "check": {"name": "Queue length", "state": "BAD", "host.name": "q1"},
    "value": 17,
    "at": "2026-03-02T09:00:00Z",
}


@pytest.fixture
def admin(client: Client) -> User:
    user = builders.person("Ada", roles=["integrations_admin", "basic"])
    client.force_login(user)
    return user


def page(client: Client, integration: Integration, **form: str) -> str:
    answer = client.post(f"/integrations/{integration.pk}/mapping/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_three_presses_make_a_mapping(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    """Cumbersome: nothing is typed, no sample is pasted, the result is seen at once."""
    sent(send(integration, PAYLOAD))
    address = f"/integrations/{integration.pk}/mapping/"
    html = client.get(address).content.decode()
    assert "Queue length" in html
    html = page(client, integration, pick="title:check.name")
    assert 'value="check.name"' in html
    assert "<strong>Queue length</strong>" in html
    html = page(client, integration, title="check.name", pick="dedup_key:check.name")
    page(client, integration, title="check.name", dedup_key="check.name", save="1")
    integration.refresh_from_db()
    assert integration.mapping == {"title": "check.name", "dedup_key": "check.name"}
    sent(send(integration, PAYLOAD))
    assert Alert.objects.order_by("-pk")[0].title == "Queue length"


def test_a_changed_payload_opens_no_second_alert(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    """The complaint: "a new alert when the payload changed"."""
    integration.mapping = {"title": "check.name", "dedup_key": 'check."host.name"'}
    integration.save()
    sent(send(integration, PAYLOAD))
    changed = json.loads(json.dumps(PAYLOAD))
    changed["value"], changed["at"], changed["new"] = 99, "later", {"field": [1, 2]}
    changed["check"]["state"] = "WORSE"
    sent(send(integration, changed))
    assert Alert.objects.get().event_count == 2
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    assert "The last 2 events → 1 alert<" in html


def test_the_preview_tells_how_many_alerts_the_last_events_make(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    for number in range(6):
        sent(send(integration, {**PAYLOAD, "title": "x", "at": str(number), "shard": number % 3}))
    html = page(client, integration, dedup_key="at")
    assert "The last 6 events → 6 alerts" in html
    html = page(client, integration, dedup_key="shard")
    assert "The last 6 events → 3 alerts" in html
    html = page(client, integration, dedup_key="check.name")
    assert "The last 6 events → 1 alert<" in html
    integration.refresh_from_db()
    assert integration.mapping == {}  # looking saves nothing


def test_several_values_together_are_a_key(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    sent(send(integration, PAYLOAD))
    html = page(client, integration, dedup_key="check.name", pick="dedup_key:value")
    assert "<strong>Queue length/17</strong>" in html
    expression = joined(["check.name", "value"])
    assert parts(expression) == ["check.name", "value"]
    html = page(client, integration, dedup_key=expression, pick="dedup_key:check.name")
    assert "<strong>17</strong>" in html


COMPLEX = {
    "version": 4, "sent at": "2026-03-02T09:00:00Z", "sequence": 8123,
    "event": {
        "alarms": [{
            "labels": {"alert name": "High error rate", "k8s/cluster": "eu-1", "pod": "web-7f9c"},
            "level": "P1", "values": {"error %": 7.25}, "runs": [{"id": 991, "took": 0.3}],
        }],
        "links": {"dash/board": "https://grafana.example.com/d/1?from=1772442000"},
    },
}  # fmt: skip
"""Nested, in a list, with spaces and slashes in its names, and full of values that never repeat."""


def pressed(html: str, button: str, value: str) -> dict[str, str]:
    """The form as a browser sends it when the button beside this value is pressed. Nothing of it
    is known but what the page says: whoever maps types not a letter."""
    form = dict(re.findall(r'<input class="mono" id="id_\w+" name="(\w+)" value="([^"]*)"', html))
    rows = [row for row in html.split('<div class="pick">') if f"<div>{value}</div>" in row]
    assert len(rows) == 1, f"{value} is offered {len(rows)} times"
    pick = re.search(rf'name="pick" value="([^"]+)"[^>]*>{button}</button>', rows[0])
    assert pick, rows[0]
    return {name: unescape(text) for name, text in {**form, "pick": pick[1]}.items()}


def changed(number: int, cluster: str = "eu-1") -> dict[str, Any]:
    """The same alarm at another time: what can differ does, and fields came and went."""
    said = json.loads(json.dumps(COMPLEX))
    alarm = said["event"]["alarms"][0]
    alarm["labels"] |= {"pod": f"web-{number}", "k8s/cluster": cluster, f"new{number}": "x"}
    alarm["values"]["error %"], alarm["runs"] = number, [{"id": number}] * number
    said |= {"sent at": f"later {number}", "sequence": number, "more": {"of": [number]}}
    del said["event"]["links"]
    return {name: said[name] for name in reversed(said)}


def test_a_complex_payload_takes_five_presses_and_stays_one_alert_however_it_changes(
    admin: User, integration: Integration, client: Client, send: Send, alice: User
) -> None:
    """Both complaints at once, seen as those see it who made them: "mapping a complex payload to
    the custom mapping was cumbersome; alerts showed a new alert when the payload changed"."""
    sent(send(integration, COMPLEX))
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    for button, value in (
        ("Title", "High error rate"), ("Key", "High error rate"), ("Key", "eu-1"),
        ("Severity", "P1"),
    ):  # fmt: skip
        html = page(client, integration, **pressed(html, button, value))
    assert "<strong>High error rate/eu-1</strong>" in html
    form = pressed(html, "Title", "High error rate")
    page(client, integration, **{**form, "pick": "", "save": "1"})

    Alert.objects.all().delete()
    for number in range(1, 8):
        sent(send(integration, changed(number)))
    client.force_login(alice)
    html = client.get("/alerts/").content.decode()
    assert html.count("High error rate</a>") == 1, "one line in the responder's list"
    assert "7 events" in html
    assert Alert.objects.get().severity == "critical"

    sent(send(integration, changed(9, cluster="us-2")))
    html = client.get("/alerts/").content.decode()
    assert html.count("High error rate</a>") == 2, "what the key tells apart stays apart"
    client.force_login(admin)
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    assert "The last 9 events → 2 alerts<" in html


def test_a_title_alone_is_key_enough(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    """Who picks no key is not punished with an alert for every value that changes."""
    sent(send(integration, COMPLEX))
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    form = pressed(html, "Title", "High error rate")
    page(client, integration, **{**form, "title": form["pick"].partition(":")[2], "save": "1"})
    Alert.objects.all().delete()
    for number in range(1, 8):
        sent(send(integration, changed(number)))
    assert Alert.objects.get().event_count == 7


def test_a_mapping_survives_a_new_sample(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    """Where others ask for everything to be mapped anew, only what is lost is said."""
    integration.mapping = {"title": "check.name", "description": "gone.away"}
    integration.save()
    sent(send(integration, PAYLOAD))
    sent(send(integration, {"check": {"name": "Disk"}, "other": 1}))
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    assert 'value="check.name"' in html
    assert "<strong>Disk</strong>" in html
    assert html.count("It finds nothing in this payload") == 1
    older = InboundEvent.objects.order_by("pk")[0].pk
    html = client.get(f"/integrations/{integration.pk}/mapping/?event={older}").content.decode()
    assert "<strong>Queue length</strong>" in html


def test_a_broken_mapping_falls_back_and_says_so(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    Integration.objects.update(mapping={"title": "join('-', check)", "dedup_key": "sum(check)"})
    event = sent(send(integration, {**PAYLOAD, "title": "Still an alert"}))
    assert "the mapping of title failed" in event.detail
    assert Alert.objects.get().title == "Still an alert"
    html = client.get(f"/integrations/{integration.pk}/").content.decode()
    assert "The mapping fails." in html
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    assert "It fails on this payload" in html
    assert "The mapping fails on 1 of them" in html


def test_nonsense_is_answered_and_not_saved(
    admin: User, integration: Integration, client: Client, send: Send
) -> None:
    sent(send(integration, PAYLOAD))
    html = page(client, integration, title="a[", save="1")
    assert "This is not a JMESPath expression" in html
    html = page(client, integration, title="a" * 501, save="1")
    assert "An expression has at most 500 characters." in html
    integration.refresh_from_db()
    assert integration.mapping == {}


def test_without_an_event_the_page_says_what_to_do(
    admin: User, integration: Integration, client: Client
) -> None:
    html = client.get(f"/integrations/{integration.pk}/mapping/").content.decode()
    assert "Nothing has come in yet" in html


def test_a_stranger_maps_nothing(integration: Integration, mallory: User, client: Client) -> None:
    client.force_login(mallory)
    assert client.get(f"/integrations/{integration.pk}/mapping/").status_code == 404


def test_every_path_that_is_offered_finds_its_value() -> None:
    payload = {
        'we"ird \\ name': {"a b": [{"c": 1}, {"c": 2}]},
        "password": "hunter2",
        "empty": None,
        "deep": {"er": {"x": True}},
        "größe": "ü",
    }
    found = {field.path: field.value for field in fields_of(payload)}

    for path, value in found.items():
        if value != "•••":
            assert texts.words(expressions.evaluate(path, payload)) == value
    assert "hunter2" not in found.values()
    assert len(found) == 5
