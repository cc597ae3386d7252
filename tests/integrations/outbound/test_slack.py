"""Slack: one message that shows how the alert stands, and everything else in its thread."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from integrations.outbound import samples
from integrations.outbound.contract import Refused, Rejected, TryAgain
from integrations.outbound.tools import TOOLS
from tests.doubles.slack import CHANNEL, HOOK, TOKEN, SlackDouble
from tests.integrations.outbound.signing import SECRET, SETTINGS, SIGN
from tests.integrations.outbound.talking import HOSTILE, Told, news, tell
from tests.integrations.outbound.test_hooks import NOW

SLACK = TOOLS["slack"]


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


def _settings(slack: SlackDouble) -> dict[str, str]:
    return {
        "token": TOKEN,
        "channel": CHANNEL,
        "signing_secret": SECRET,
        "api": f"{slack.base_url}/api",
    }


def _tell(slack: SlackDouble, kind: str, reference: str = "", **more: Any) -> Told:
    again = more.pop("again", False)
    return tell(SLACK, _settings(slack), news(kind, **more), reference, again=again)


def _buttons(message: dict[str, Any]) -> list[str]:
    blocks = [block for block in message["blocks"] if block["type"] == "actions"]
    return [button["text"]["text"] for button in blocks[0]["elements"]]


def test_the_message_follows_the_alert_and_its_thread_tells_why(slack: SlackDouble) -> None:
    reference = _tell(slack, "opened").reference
    assert reference.startswith(f"{CHANNEL}:")
    (message,) = slack.shown
    assert _buttons(message) == ["Acknowledge", "Resolve", "Open"]

    _tell(slack, "acknowledged", reference, words="Ann acknowledged.")
    _tell(slack, "noted", reference, words="Ann wrote a note.", note="Rotating the logs.")
    (message,) = slack.shown
    assert _buttons(message) == ["Resolve", "Open"]
    assert "acknowledged" in message["text"]
    assert len(slack.thread) == 2
    assert "Rotating the logs." in slack.thread[1]

    _tell(slack, "resolved", reference)
    (message,) = slack.shown
    assert _buttons(message) == ["Open"]
    assert not slack.refused


def test_without_a_signing_secret_there_are_no_buttons_that_could_not_work(
    slack: SlackDouble,
) -> None:
    settings = _settings(slack) | {"signing_secret": ""}
    tell(SLACK, settings, news())
    assert _buttons(slack.shown[0]) == ["Open"]


def test_a_lost_answer_posts_no_second_message(slack: SlackDouble) -> None:
    slack.lose = 1
    assert _tell(slack, "opened").error
    for number in range(20):
        _tell(slack, "opened", number=number, url=f"https://alertops.example/alerts/{number}/")
    told = _tell(slack, "opened", again=True)
    assert told.reference == f"{CHANNEL}:{slack.shown[0]['ts']}"
    assert len(slack.shown) == 21


def test_an_app_that_may_not_read_rather_posts_twice_than_never(slack: SlackDouble) -> None:
    slack.may_read = False
    assert _tell(slack, "opened", again=True).reference
    assert len(slack.shown) == 1


def test_a_message_somebody_deleted_is_no_failure(slack: SlackDouble) -> None:
    reference = _tell(slack, "opened").reference
    slack.messages.clear()
    _tell(slack, "resolved", reference)


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "fatal_error"])
def test_what_passes_is_tried_again(slack: SlackDouble, error: str) -> None:
    slack.error = error
    with pytest.raises(TryAgain):
        _tell(slack, "opened")


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
def test_what_stays_is_told(slack: SlackDouble, error: str) -> None:
    slack.error = error
    with pytest.raises(Rejected, match=error):
        _tell(slack, "opened")


def test_a_limit_is_waited_for_as_long_as_it_says(slack: SlackDouble) -> None:
    slack.busy = 1
    with pytest.raises(TryAgain) as caught:
        _tell(slack, "opened")
    assert caught.value.retry_after == 30


def test_nobody_is_mentioned_by_what_an_alert_says(slack: SlackDouble) -> None:
    long = {"title": "&" * 2000, "description": HOSTILE * 30, "group": HOSTILE * 3}
    reference = _tell(slack, "opened", **long).reference
    _tell(slack, "noted", reference, note=HOSTILE * 50, **long)
    assert len(slack.messages) == 2


def test_the_simple_form_posts_each_news(slack: SlackDouble) -> None:
    settings = {"webhook": f"{slack.base_url}{HOOK}"}
    tell(SLACK, settings, news())
    tell(SLACK, settings, news("resolved", words="Ann resolved."))
    assert len(slack.shown) == 2
    assert "Ann resolved." in slack.shown[1]["text"]
    assert "#42" in slack.shown[1]["text"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_button_pressed_long_ago_is_not_pressed_again(minutes: int) -> None:
    raw, headers = samples.request(samples.of("slack")[0])
    headers |= SIGN["slack"](raw, NOW, SECRET)
    with pytest.raises(Refused) as caught:
        SLACK.read(SETTINGS["slack"], headers, raw, NOW + timedelta(minutes=minutes))
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "entered",
    [
        {},
        {"token": "xoxb-1"},
        {"token": "xoxb-1", "channel": "#ops"},
        {"token": "xoxb-1", "channel": CHANNEL, "webhook": "https://hooks.slack.com/services/x"},
    ],
)
def test_settings_that_cannot_work_are_told(entered: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        SLACK.check(entered)
