"""Microsoft Teams:
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook

A person pages by mentioning the webhook. The conversation is the thread, the same for its first
message and for every reply, so it is the key: a reply "resolve" or "ack" is about the alert above
it, any other reply is told with it. The mention stands in the text as markup.
Sample: integrations/samples/teams.json
"""

import html
import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER

_MENTION = re.compile(r"<at>[^<>]{0,200}</at>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,500}>")
_VERBS = dict.fromkeys(("resolve", "resolved", "close", "fixed"), RESOLVE)
_VERBS |= dict.fromkeys(("ack", "acknowledge", "acked"), ACKNOWLEDGE)


def _said(item: Any) -> str:
    text = texts.words(field("text")(item, item))[:8000]
    text = _MARKUP.sub(" ", _MENTION.sub(" ", text))
    return " ".join(html.unescape(text).split())


def _action(item: Any, top: Any) -> str:
    kind = texts.words(field("type")(item, top)).lower()
    if kind and kind != "message":
        return IGNORE
    said = _said(item).lower()
    if not said and isinstance(item, dict) and "text" in item:
        return IGNORE
    return _VERBS.get(said.partition(" ")[0].strip(".!,:"), TRIGGER)


teams = Vendor(
    kind="teams",
    label="Microsoft Teams (written by a person)",
    action=_action,
    dedup_key=field("conversation.id", "replyToId", "id"),
    title=lambda item, top: _said(item),
    description=lambda item, top: "",
    severity=lambda item, top: "",
    details=table(author="from.name", written="localTimestamp", team="channelData.team.name"),
    tags=lambda item, top: None,
    setup="""\
In Teams open the team → Manage team → Apps → Create an outgoing webhook, give it a name such as
“page” and paste as Callback URL:

    {url}

Write “@page db-1 is slow” in a channel to page. Reply “@page ack” in the same thread to take it and
“@page resolve” to close it. Teams shows no answer from the webhook; the page is sent nevertheless.
""",
    docs="https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
)
