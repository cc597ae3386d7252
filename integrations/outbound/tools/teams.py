"""Microsoft Teams: a card for every news, and commands to an outgoing webhook.

https://support.microsoft.com/office/8ae491c7-0394-4861-ba59-055e33f75498 (Workflows: "Post to a
channel when a webhook request is received", which replaced the Office 365 connectors) takes a
message with adaptive cards and answers 202; a message has at most 28 KB. Its address holds its own
signature, so it is a secret. https://adaptivecards.io/explorer/ says what a card may hold.
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook
The outgoing webhook sends `Authorization: HMAC <base64>` with a key that is base64 itself, wants
its answer within five seconds, and its cards may open addresses but not press buttons.

A workflow gives no name for what it posted: nothing can be changed, put into a thread, or looked
for, and it knows no key that would make a second card impossible. So a lost answer may make one.
Whoever changes the workflow can drop it: X-AlertOps-Webhook-Id is the same both times. Commands say
the alert's number.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from integrations.outbound import bodies, proofs, telling
from integrations.outbound.bodies import word
from integrations.outbound.contract import (
    Call,
    News,
    Reading,
    Said,
    Setting,
    Talk,
    Tool,
)

_TITLE, _TEXT = 200, 3_000
_MOST_BYTES = 27_000
_OLD = timedelta(minutes=5)
_STYLES = {"critical": "attention", "high": "attention", "medium": "warning"}
_MEANS = re.compile(r"([\\`*_\[\]~])")
_TAG = re.compile(r"<at[^>]*>.*?</at>|<[^>]*>", re.DOTALL)
_COMMAND = re.compile(
    r"\s*(ack|acknowledge|resolve|close|note)\s+#?(\d{1,18})\b[:\s]*(.*)", re.IGNORECASE | re.DOTALL
)
_VERBS = {"ack": "acknowledge", "close": "resolve"}
_HELP = "Say “ack 17”, “resolve 17” or “note 17 and some words”, with the alert's number."


class Teams(Tool):
    slug, label = "teams", "Microsoft Teams"
    summary = "A card for every news in a channel; “ack 17” and “resolve 17” from there."
    listens = True
    hears_itself = frozenset({"acknowledged", "unacknowledged", "resolved"})  # a command's answer
    default_events = frozenset({"opened", "severity_raised", "acknowledged", "resolved"})
    settings = (
        Setting(
            "webhook",
            "Workflow's address",
            "https://….logic.azure.com/… or ….powerplatform.com/…",
            is_secret=True,
            is_address=True,
        ),
        Setting(
            "security_token",
            "Outgoing webhook's security token",
            "For commands from Teams. Without it none is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
    )
    steps = """\
In Teams open the channel's ••• → Workflows, choose “Post to a channel when a webhook request is
received”, press through, and paste the address it shows here.

For commands: open the team's ••• → Manage team → Apps → Create an outgoing webhook. Name it
AlertOps, paste as callback URL:

    {hook}

and paste the security token it shows here. Then whoever is in the team may say:

    @AlertOps ack 17
    @AlertOps resolve 17
    @AlertOps note 17 restarted the database

"""

    def check(self, settings: Mapping[str, str]) -> None:
        for token in settings.get("security_token", "").split():
            try:
                base64.b64decode(token, validate=True)
            except ValueError:
                raise ValueError("Paste the security token as Teams shows it.") from None

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        if talk.turns:
            return None
        for seen in (news, news.slim()):
            call = telling.send("POST", settings["webhook"], _message(seen), {})
            if len(call.body) <= _MOST_BYTES:
                break
        return call

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        secrets = settings.get("security_token", "")
        proofs.check_hmac_base64(secrets, raw, headers.get("authorization", ""), prefix="HMAC ")
        body = bodies.arrived(raw, headers)
        proofs.check_age(proofs.instant(word(body, "timestamp")), now, _OLD)
        text = _TAG.sub(" ", word(body, "text")).replace("&nbsp;", " ").replace("\xa0", " ")
        found = _COMMAND.fullmatch(text)
        if not found:
            return Reading(body=_reply(_HELP))
        named = found.group(1).lower()
        verb, number, words = _VERBS.get(named, named), int(found.group(2)), found.group(3).strip()
        if verb == "ack" or (verb == "note" and not words):
            return Reading(body=_reply(_HELP))
        who = word(body, "from", "name")
        said = Said("", verb, who, words, alert=number)
        answer = f"Passed on: {verb} alert {number}. What became of it is told in its channel."
        return Reading(said=(said,), body=_reply(answer), delivery=word(body, "id"))


def _reply(text: str) -> bytes:
    return json.dumps({"type": "message", "text": text}).encode()


def _still(text: str) -> str:
    """Text in which the card's Markdown means nothing."""
    return _MEANS.sub(r"\\\1", text)


def _message(news: News) -> dict[str, object]:
    card = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": card, "contentUrl": None, "content": _card(news)}],
    }


def _card(news: News) -> dict[str, object]:
    alert = news.alert
    style = "good" if news.is_over else _STYLES.get(alert.severity, "accent")
    title = f"#{alert.number} {telling.title(news, _TITLE)}" if alert.number else alert.title
    facts = [{"title": label, "value": _still(value)} for label, value in telling.facts(news)]
    head = _words(_still(title), size="large", weight="bolder")
    body: list[dict[str, object]] = [
        {"type": "Container", "style": style, "bleed": True, "items": [head]},
        _words(_still(telling.cut(telling.sentence(news), _TEXT))),
        {"type": "FactSet", "facts": facts},
    ]
    if news.kind in {"opened", "test"} and alert.description:
        body.append(_words(_still(telling.cut(alert.description, _TEXT))))
    opens = {"type": "Action.OpenUrl", "title": "Open the alert", "url": alert.url}
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [opens],
    }


def _words(text: str, **look: object) -> dict[str, object]:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}
