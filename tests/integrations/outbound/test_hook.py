"""What a tool sends back moves the alert it was told of, and is not echoed to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from alerts import story
from alerts.models import Alert
from groups.models import Group
from integrations.models import OutboundConnection, OutboundLink, OutboundMessage
from integrations.outbound import actions, sender
from integrations.outbound.contract import (
    Answer,
    Call,
    News,
    Reading,
    Refused,
    Said,
    Setting,
    Talk,
    Tool,
)
from integrations.outbound.tools import TOOLS
from integrations.outbound.wording import words
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import connect, opened

pytestmark = pytest.mark.django_db


class Board(Tool):
    """A board of tickets: it names what we open, and says what people do with it."""

    slug, label = "board", "Board"
    settings = (Setting("url", "Address", is_address=True),)
    listens = True

    def call(self, news: News, settings: Mapping[str, str], reference: str) -> Call | None:
        said = {"kind": news.kind, "ticket": reference, "note": news.note, "who": news.who}
        return Call(settings["url"], json.dumps(said).encode())

    def reference(self, answer: Answer) -> str:
        return str(json.loads(answer.body).get("ticket", ""))

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        if headers.get("x-board") != "genuine":
            raise Refused(403, "The signature is wrong.")
        data = json.loads(raw)
        said = tuple(Said(**each) for each in data["said"])
        return Reading(said, b'{"ok":true}', delivery=data.get("delivery", ""))


class Echoing(Board):
    slug = "echoing"
    hears_itself = frozenset({"acknowledged"})


@pytest.fixture(autouse=True)
def _board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOLS, "board", Board())
    monkeypatch.setitem(TOOLS, "echoing", Echoing())


@pytest.fixture
def board(receiver: WebhookDouble, clock: Clock) -> OutboundConnection:
    receiver.body = b'{"ticket": "T-1"}'
    return connect(receiver.base_url, name="Our board", tool="board")


def post(client: Client, key: str, *said: dict[str, Any], **more: Any) -> Any:
    genuine = more.pop("genuine", "genuine")
    return client.generic(
        "POST", f"/integrations/outbound/{key}/hook/",
        json.dumps({"said": said, **more}).encode(), headers={"X-Board": genuine},
    )  # fmt: skip


def told(receiver: WebhookDouble) -> list[tuple[str, str]]:
    return [(request.json["kind"], request.json["ticket"]) for request in receiver.requests]


def test_the_name_over_there_is_kept_for_what_follows(
    receiver: WebhookDouble, board: OutboundConnection, payments: Group, clock: Clock,
    client: Client,
) -> None:  # fmt: skip
    alert = opened(payments)
    sender.run_once(clock.now())
    assert OutboundLink.objects.get().reference == "T-1"
    answer = post(client, board.hook, {"reference": "T-1", "verb": "resolve", "who": "Ann"})
    assert (answer.status_code, answer.content) == (200, b'{"ok":true}')
    alert.refresh_from_db()
    assert alert.status == "resolved"
    sender.run_once(clock.now())
    assert told(receiver) == [("opened", "")]  # its own word is not echoed


def test_the_timeline_says_who_and_where(
    board: OutboundConnection, payments: Group, clock: Clock, client: Client
) -> None:
    alert = opened(payments)
    sender.run_once(clock.now())
    post(client, board.hook, {"reference": "T-1", "verb": "acknowledge", "who": "Ann\n<b>"})
    said = story.story(alert).entries[0]
    assert words(said) == "Ann <b> in Our board acknowledged. Nobody else is paged."


def test_others_hear_what_one_tool_did(
    receiver: WebhookDouble, board: OutboundConnection, payments: Group, clock: Clock,
    client: Client,
) -> None:  # fmt: skip
    connect(receiver.base_url, name="Another", tool="board")
    connect(receiver.base_url, name="Shows a state", tool="echoing")
    opened(payments)
    sender.run_once(clock.now())
    receiver.requests.clear()
    post(client, board.hook, {"reference": "T-1", "verb": "note", "words": "On it", "who": "Ann"})
    sender.run_once(clock.now())
    assert len(receiver.requests) == 2
    assert receiver.requests[0].json["note"] == "On it"
    assert receiver.requests[0].json["who"] == "Ann in Our board"


def test_a_tool_that_shows_a_state_hears_even_itself(
    receiver: WebhookDouble, payments: Group, clock: Clock, client: Client
) -> None:
    receiver.body = b'{"ticket": "T-1"}'
    link = connect(receiver.base_url, tool="echoing")
    opened(payments)
    sender.run_once(clock.now())
    for verb in ("acknowledge", "resolve"):
        post(client, link.hook, {"reference": "T-1", "verb": verb})
    sender.run_once(clock.now())
    assert told(receiver) == [("opened", ""), ("acknowledged", "T-1")]


def test_the_second_of_a_delivery_changes_nothing(
    board: OutboundConnection, payments: Group, clock: Clock, client: Client
) -> None:
    alert = opened(payments)
    sender.run_once(clock.now())
    note = {"reference": "T-1", "verb": "note", "words": "Once"}
    for _ in range(2):
        assert post(client, board.hook, note, delivery="d-1").status_code == 200
    assert alert.events.filter(kind="noted").count() == 1


def test_a_connection_moves_only_what_it_was_told_of(
    board: OutboundConnection, payments: Group, clock: Clock, client: Client
) -> None:
    board.events = ["resolved"]
    board.save(update_fields=["events"])
    alert = opened(payments)
    sender.run_once(clock.now())
    for said in ({"reference": "T-9"}, {"reference": "", "alert": alert.pk}):
        assert post(client, board.hook, {"verb": "resolve", **said}).status_code == 200
    post(client, board.hook, {"reference": "", "alert": 2**70, "verb": "resolve"})
    alert.refresh_from_db()
    assert alert.status == "triggered"


def test_what_cannot_be_done_any_more_is_no_error(
    board: OutboundConnection, payments: Group, clock: Clock, client: Client
) -> None:
    alert = opened(payments)
    sender.run_once(clock.now())
    said = [{"reference": "T-1", "verb": verb} for verb in ("resolve", "acknowledge", "explode")]
    assert post(client, board.hook, *said).status_code == 200
    assert Alert.objects.get(pk=alert.pk).status == "resolved"


def test_strangers_and_wrong_ways_are_refused(
    board: OutboundConnection, payments: Group, clock: Clock, client: Client
) -> None:
    alert = opened(payments)
    sender.run_once(clock.now())
    resolve = {"reference": "T-1", "verb": "resolve"}
    answer = post(client, board.hook, resolve, genuine="forged")
    assert (answer.status_code, answer.json()) == (403, {"error": "The signature is wrong."})
    assert post(client, "0" * 31 + "a", resolve).status_code == 404
    assert client.get(f"/integrations/outbound/{board.hook}/hook/").status_code == 405
    big = client.generic("POST", f"/integrations/outbound/{board.hook}/hook/", b"x" * 2_000_000)
    assert big.status_code == 413
    old = board.hook
    actions.new_hook(board, actor=None, now=clock.now())
    assert post(client, old, resolve).status_code == 404
    OutboundConnection.objects.update(is_active=False)
    assert post(client, board.hook, resolve).status_code == 404
    alert.refresh_from_db()
    assert alert.status == "triggered"


def test_every_tool_can_be_connected_and_says_what_to_do(clock: Clock) -> None:
    for slug, tool in TOOLS.items():
        assert slug == tool.slug
        assert tool.label
        tool.steps.format(hook="https://example.org")
        assert tool.default_events
    assert Talk().turns == ()
    assert not OutboundMessage.objects.exists()
