"""Slack's own library has the last word: on signatures, on blocks, and on our double."""

import json
from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier

from integrations.outbound import samples
from integrations.outbound.contract import Talk
from integrations.outbound.tools import TOOLS
from tests.doubles.slack import CHANNEL, TOKEN, SlackDouble
from tests.integrations.outbound.signing import SECRET, SETTINGS
from tests.integrations.outbound.talking import HOSTILE, news
from tests.integrations.outbound.test_hooks import NOW

SLACK = TOOLS["slack"]


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


def test_what_its_verifier_signs_is_believed() -> None:
    raw, headers = samples.request(samples.of("slack")[0])
    sent = str(int(NOW.timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=sent, body=raw)
    assert signature
    headers |= {"x-slack-request-timestamp": sent, "x-slack-signature": signature}
    assert SLACK.read(SETTINGS["slack"], headers, raw, NOW).said


@pytest.mark.parametrize("kind", ["opened", "acknowledged", "resolved"])
def test_its_models_take_our_blocks(kind: str) -> None:
    settings = {"token": TOKEN, "channel": CHANNEL, "signing_secret": SECRET}
    reference = "" if kind == "opened" else f"{CHANNEL}:1.1"
    hostile = news(kind, title=HOSTILE, description=HOSTILE * 30, group="&" * 3_000)
    call = SLACK.next(hostile, settings, Talk(reference))
    assert call
    blocks = Block.parse_all(json.loads(call.body)["blocks"])
    for block in blocks:
        block.validate_json()
    assert [block.type for block in blocks] == ["header", "section", "section", "actions"]


def test_its_client_speaks_with_our_double(slack: SlackDouble) -> None:
    client = WebClient(token=TOKEN, base_url=f"{slack.base_url}/api/")
    posted = client.chat_postMessage(channel=CHANNEL, text="Hello")
    client.chat_update(channel=CHANNEL, ts=posted["ts"], text="Hello again")
    client.chat_postMessage(channel=CHANNEL, thread_ts=posted["ts"], text="In the thread")
    page = client.conversations_history(channel=CHANNEL, limit=5, include_all_metadata="true")
    assert [message["text"] for message in page["messages"]] == ["Hello again"]
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient(token="xoxb-2", base_url=f"{slack.base_url}/api/").chat_postMessage(
            channel=CHANNEL, text="Hello"
        )
