"""Slack: https://api.slack.com/legacy/custom-integrations/outgoing-webhooks

A person pages by writing in a channel, so there is nothing that would say by itself that it is
over: whoever writes "resolve" or "ack" in front of the same words closes or takes the alert. The
trigger word is no part of it. Slack's form has a token of ours in it, which is not shown. What a
bot writes is no alert: ours would answer itself. Sample: integrations/samples/slack.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER

_WORDS = dict.fromkeys(("resolve", "resolved", "close", "fixed"), RESOLVE)
_WORDS |= dict.fromkeys(("ack", "acknowledge", "acked"), ACKNOWLEDGE)


def _said(item: Any) -> tuple[str, str]:
    """What is asked for, and about what: the text without the trigger word and the verb."""
    text = texts.words(field("text")(item, item))[:4000].strip()
    word = texts.words(field("trigger_word")(item, item)).strip()
    if word and text.lower().startswith(word.lower()):
        text = text[len(word) :].lstrip(" \t\n:,-")
    verb, _, rest = text.partition(" ")
    action = _WORDS.get(verb.strip(":,").lower())
    return (action, rest.strip()) if action and rest.strip() else (TRIGGER, text)


def _action(item: Any, top: Any) -> str:
    kind = texts.words(field("type")(item, top)).lower()
    name = texts.words(field("user_name")(item, top)).lower()
    is_bot = field("bot_id")(item, top) is not None or name == "slackbot"
    is_empty = isinstance(item, dict) and "text" in item and not _said(item)[1]
    return IGNORE if is_bot or is_empty or kind == "url_verification" else _said(item)[0]


def _key(item: Any, top: Any) -> str:
    about = " ".join(_said(item)[1].lower().split()).strip(".!")
    channel = texts.words(field("channel_id", "channel_name")(item, top))
    return f"{channel}/{about}" if about else ""


slack = Vendor(
    kind="slack",
    label="Slack (written by a person)",
    action=_action,
    dedup_key=_key,
    title=lambda item, top: " ".join(_said(item)[1].split()),
    description=lambda item, top: "",
    severity=lambda item, top: "",
    details=table("channel_name", "user_name", "team_domain"),
    tags=lambda item, top: None,
    setup="""\
In Slack open the Outgoing WebHooks app, Add to Slack, choose a channel and a trigger word such as
“page”, and paste as URL:

    {url}

Write “page db-1 is slow” to page, “page ack db-1 is slow” to take it and “page resolve db-1 is
slow” to close it.
""",
    docs="https://api.slack.com/legacy/custom-integrations/outgoing-webhooks",
)
