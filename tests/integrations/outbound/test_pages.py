"""The pages of outbound connections: who may, what is shown once, and what a form refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from groups.models import Group
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import sender
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import connect, opened

pytestmark = pytest.mark.django_db

HOOK = "https://hooks.example.org/in"


@pytest.fixture
def page(client: Client, dana: User) -> Client:
    client.force_login(dana)
    return client


def said(**more: Any) -> dict[str, Any]:
    return {
        "name": "Chat", "is_active": "on", "events": ["opened"], "set_url": HOOK,
        "set_method": "POST", "set_format": "json", **more,
    }  # fmt: skip


def test_a_connection_is_made_and_its_secret_shown_once(page: Client) -> None:
    answer = page.post("/integrations/outbound/new/webhook/", said())
    link = OutboundConnection.objects.get()
    secret = link.secrets.get().value
    assert secret in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    again = page.get(link.get_absolute_url()).content.decode()
    assert secret not in again
    assert secret[:10] in again
    assert "Chat" in page.get("/integrations/outbound/").content.decode()


def test_secret_settings_are_never_shown_and_stay_when_left_empty(page: Client) -> None:
    page.post(
        "/integrations/outbound/new/webhook/", said(set_headers="Authorization: Bearer s3cr3t")
    )
    link = OutboundConnection.objects.get()
    for address in (link.get_absolute_url(), f"{link.get_absolute_url()}edit/"):
        assert "s3cr3t" not in page.get(address).content.decode()
    page.post(f"{link.get_absolute_url()}edit/", said(name="Chat room"))
    link.refresh_from_db()
    assert (link.name, link.settings["headers"]) == ("Chat room", "Authorization: Bearer s3cr3t")
    page.post(f"{link.get_absolute_url()}edit/", said(set_headers="-"))
    link.refresh_from_db()
    assert link.settings["headers"] == ""


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"set_url": ""}, "Address is needed."),
        ({"set_url": "ftp://example.org/"}, "The address must begin with https:// or http://."),
        ({"set_url": "https://u:p@example.org/"}, "must not contain a user name or password"),
        ({"set_body": '{"a": {{ nope }}}'}, "There is no {{ nope }}"),
        ({"set_body": '{"a": '}, "The template is not JSON"),
        ({"set_body": '{"a": "{{ title"}'}, "Double braces belong around one name"),
        ({"set_headers": "no colon"}, "is not a header"),
        ({"set_headers": "Host: example.org"}, "The header Host is set by AlertOps itself."),
        ({"set_headers": "A: {{ nope }}"}, "There is no {{ nope }}"),
        ({"set_method": "TRACE"}, "TRACE"),
        ({"events": []}, "Choose at least one event."),
        ({"events": ["exploded"]}, "exploded"),
        ({"name": ""}, "This field is required."),
        ({"group": "999"}, "Select a valid choice"),
    ],
)
def test_a_form_says_in_a_sentence_what_is_wrong_and_keeps_nothing(
    page: Client, wrong: dict[str, Any], sentence: str
) -> None:
    answer = page.post("/integrations/outbound/new/webhook/", said(**wrong))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not OutboundConnection.objects.exists()


def test_two_connections_do_not_share_a_name(page: Client) -> None:
    page.post("/integrations/outbound/new/webhook/", said())
    answer = page.post("/integrations/outbound/new/webhook/", said())
    assert "There is already a connection of this name." in answer.content.decode()


def test_the_log_shows_what_was_sent_and_what_came_back(
    page: Client, receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    receiver.status, receiver.body = 422, b"<b>no such room</b>"
    link = connect(receiver.base_url, values={"headers": "Authorization: s3cr3t"})
    opened(payments, "Disk <full>")
    sender.run_once(clock.now())
    assert "Given up" in page.get(link.get_absolute_url()).content.decode()
    message = OutboundMessage.objects.get()
    shown = page.get(reverse("integrations:outbound-message", args=[message.pk])).content.decode()
    assert "It answered 422." in shown
    assert "&lt;b&gt;no such room&lt;/b&gt;" in shown
    assert "Disk &lt;full&gt;" in shown
    assert "s3cr3t" not in shown
    receiver.status = 200
    page.post(reverse("integrations:outbound-again", args=[message.pk]))
    sender.run_once(clock.now())
    message.refresh_from_db()
    assert message.state == "sent"


def test_the_log_is_filtered_and_paged(
    page: Client, receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url)
    alerts = [opened(payments, f"Alert number {number}") for number in range(60)]
    sender.run_once(clock.now())
    first = page.get(link.get_absolute_url()).content.decode()
    assert "Alert number 59" in first
    assert "Alert number 9<" not in first
    last = OutboundMessage.objects.order_by("-pk")[49].pk
    second = page.get(f"{link.get_absolute_url()}?before={last}").content.decode()
    assert "Alert number 9<" in second
    only = page.get(f"{link.get_absolute_url()}?alert={alerts[3].pk}").content.decode()
    assert "Alert number 3<" in only
    assert "Alert number 4<" not in only
    for nonsense in ("state=x", "alert=-1", "alert=1e9", "before=x", f"before={'9' * 40}"):
        assert page.get(f"{link.get_absolute_url()}?{nonsense}").status_code == 200


def test_pages_ask_as_often_however_much_there_is(
    page: Client, receiver: WebhookDouble, payments: Group, clock: Clock,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    link = connect(receiver.base_url)
    counts: dict[str, list[int]] = {}
    for many in (2, 20):
        for number in range(many):
            connect(receiver.base_url, name=f"Another {many} {number}", events=["resolved"])
            opened(payments, f"Alert {many} {number}")
        sender.run_once(clock.now())
        for address in ("/integrations/outbound/", link.get_absolute_url()):
            with django_assert_max_num_queries(30) as asked:
                page.get(address)
            counts.setdefault(address, []).append(len(asked))
    assert all(few == many for few, many in counts.values()), counts


def test_buttons_test_switch_on_rotate_and_remove(page: Client, clock: Clock) -> None:
    link = connect(HOOK)
    where = link.get_absolute_url()
    page.post(f"{where}test/")
    assert OutboundMessage.objects.get().kind == "test"
    assert page.post(f"{where}on/").status_code == 302
    answer = page.post(f"{where}secret/", {"grace": "day"})
    newest = link.secrets.order_by("-pk")[0].value
    assert newest in answer.content.decode()
    assert link.secrets.count() == 2
    page.post(f"{where}secret/", {"grace": "never"})
    assert link.secrets.count() == 2
    page.post(f"{where}hook/")  # it does not listen
    link.refresh_from_db()
    assert link.hook_digest == ""
    page.post(f"{where}delete/")
    assert not OutboundConnection.objects.exists()


def test_nobody_else_sees_or_changes_any_of_it(
    client: Client, mallory: User, receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url, name="Our room")
    opened(payments)
    sender.run_once(clock.now())
    message = OutboundMessage.objects.get()
    client.force_login(mallory)
    shown = client.get("/integrations/outbound/")
    assert shown.status_code == 200
    assert "Our room" not in shown.content.decode()
    assert client.get(link.get_absolute_url()).status_code == 404
    assert client.get(f"{link.get_absolute_url()}edit/").status_code == 404
    assert client.get("/integrations/outbound/new/webhook/").status_code == 403
    assert client.get(f"/integrations/outbound/messages/{message.pk}/").status_code == 404
    assert client.post(f"/integrations/outbound/messages/{message.pk}/again/").status_code == 404
    for verb in ("test", "on", "secret", "hook", "delete"):
        assert client.post(f"{link.get_absolute_url()}{verb}/").status_code == 404
    client.logout()
    assert client.get(link.get_absolute_url()).status_code == 302
    assert OutboundConnection.objects.count() == 1
