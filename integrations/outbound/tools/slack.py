"""Slack: a message for every alert that shows its state, its timeline in the thread, buttons.

https://docs.slack.dev/reference/methods/chat.postMessage, chat.update and conversations.history:
they answer 200 with {"ok": false, "error": …}. A header block has 150 characters, a section 3,000,
a field 2,000 and there are ten of them; & < > are the only characters to escape.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: the simple form, which
can neither change a message nor answer in a thread, and answers "ok" as text.
https://docs.slack.dev/authentication/verifying-requests-from-slack: v0 over time and body, five
minutes; https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/events/message (replies in the thread become notes).

Slack takes no key of ours that would make a second message impossible. After a lost answer the
channel's latest messages are read for our mark in their metadata, where the app may read them.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from integrations.outbound import bodies, proofs, telling
from integrations.outbound.bodies import at, word
from integrations.outbound.contract import (
    MOST_TURNS,
    Answer,
    Call,
    News,
    Place,
    Reading,
    Refused,
    Rejected,
    Said,
    Setting,
    Talk,
    Tool,
    TryAgain,
)

_PASSING = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "request_timeout"}
_PASSING |= {"service_unavailable", "accesslimited"}
_GONE = {"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"}
_SHOWS = {"acknowledged", "unacknowledged", "resolved", "assigned", "snoozed", "severity_raised"}
_SHOWS |= {"acknowledgement_expired", "assignment_expired", "snooze_ended", "escalated"}
_VERBS = {"acknowledge", "resolve"}
_OLD = 300  # seconds
_PAGE = 5  # whole messages: a page stays under the 64 KiB that are read


class Slack(Tool):
    slug, label = "slack", "Slack"
    summary = "A message that shows the alert's state, with buttons and its timeline in the thread."
    listens = True
    hears_itself = frozenset({"acknowledged", "unacknowledged", "resolved"})
    settings = (
        Setting("token", "Bot token", "xoxb-…", is_secret=True, is_required=False),
        Setting("channel", "Channel ID", "C…, below the channel's details.", is_required=False),
        Setting(
            "webhook",
            "Or an incoming webhook",
            "The simple form: messages only, nothing changes and nothing comes back.",
            is_secret=True,
            is_address=True,
            is_required=False,
        ),
        Setting(
            "signing_secret",
            "Signing secret",
            "Shows the buttons Acknowledge and Resolve. Without it nothing from Slack is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
        Setting(
            "api",
            "API address",
            is_address=True,
            is_required=False,
            default="https://slack.com/api",
        ),
    )
    steps = """\
At https://api.slack.com/apps press Create New App → From a manifest, choose the workspace, and
paste:

    display_information:
      name: AlertOps
    features:
      bot_user:
        display_name: AlertOps
        always_online: true
    oauth_config:
      scopes:
        bot: [chat:write, channels:history, groups:history]

Install App gives the Bot User OAuth Token, Basic Information shows the Signing Secret: save both
here. Invite the bot to the channel:

    /invite @AlertOps

Then switch on Interactivity & Shortcuts and Event Subscriptions in the app, and paste in both:

    {hook}

Under Subscribe to bot events add message.channels and message.groups. Whoever is in the channel may
press the buttons; a reply in the thread becomes a note.

The simple form: in an app of yours open Incoming Webhooks → Add New Webhook, and paste its address
here instead of a token.
"""

    def check(self, settings: Mapping[str, str]) -> None:
        token, channel = settings.get("token"), settings.get("channel")
        if bool(token) == bool(settings.get("webhook")):
            raise ValueError("Enter either a bot token with a channel, or an incoming webhook.")
        if token and not re.fullmatch(r"[CGD][A-Z0-9]{6,}", channel or ""):
            raise ValueError("With a bot token Slack wants the channel's ID, such as C024BE91L.")

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        if settings.get("webhook"):
            if talk.turns:
                return None
            is_new = news.kind in {"opened", "test"}
            said = _message(news, settings) if is_new else {"text": _line(news)}
            return telling.send("POST", settings["webhook"], said, {})
        if talk.reference:
            return self._tell(news, settings, talk)
        if news.is_over or talk.has_posted or self.opened(news, talk):
            return None
        if talk.again and (page := _page(talk)) is not None:
            return _look(news, settings, page)
        message = {"channel": settings["channel"], **_message(news, settings), **_tagged(news)}
        return _post("chat.postMessage", settings, message)

    def _tell(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        channel, _, ts = talk.reference.partition(":")
        calls = []
        if news.kind in _SHOWS:
            shown = {"channel": channel, "ts": ts, **_message(news, settings), **_tagged(news)}
            calls.append(_post("chat.update", settings, shown))
        if news.kind != "opened":
            said = {"channel": channel, "thread_ts": ts, "text": _line(news), **_QUIET}
            calls.append(_post("chat.postMessage", settings, said))
        return calls[len(talk.turns)] if len(talk.turns) < len(calls) else None

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            body = bodies.of(turn.answer)
            if turn.call.method == "POST":
                channel, ts = word(body, "channel"), word(body, "ts")
                return f"{channel}:{ts}" if channel and ts else ""
            messages = at(body, "messages")
            for each in messages if isinstance(messages, list) else []:
                if word(each, "metadata", "event_payload", "mark") == telling.mark(news):
                    return f"{_channel_of(turn.call)}:{word(each, 'ts')}"
        return ""

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        channel = reference.partition(":")[0]
        return Place(f"Message in {channel}", f"https://slack.com/app_redirect?channel={channel}")

    def judge(self, answer: Answer) -> None:
        super().judge(answer)
        body, error = bodies.of(answer), word(bodies.of(answer), "error")
        if at(body, "ok") is not False or error in _GONE:
            return
        if error in _PASSING:
            raise TryAgain(f"Slack said {error}.", retry_after=answer.retry_after)
        if error == "missing_scope" and "history" in word(body, "needed"):
            return  # it may not look; at worst there is a second message
        raise Rejected(f"Slack said {error or 'no'}.")

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        sent = headers.get("x-slack-request-timestamp", "")
        if not sent.isascii() or not sent.isdigit() or abs(now.timestamp() - float(sent)) > _OLD:
            raise Refused(403, "The request is too old, or says not when it was made.")
        signed = f"v0:{sent}:".encode() + raw
        secrets = settings.get("signing_secret", "")
        proofs.check_hmac(secrets, signed, headers.get("x-slack-signature", ""), prefix="v0=")
        body = bodies.arrived(raw, headers)
        kind = word(body, "type")
        if kind == "url_verification":
            return Reading(body=word(body, "challenge").encode(), content_type="text/plain")
        said = _reply(at(body, "event")) if kind == "event_callback" else None
        said = _pressed(body, settings) if kind == "block_actions" else said
        delivery = word(body, "event_id") or proofs.name_of(raw)
        return Reading(said=(said,) if said else (), delivery=delivery if said else "")


_QUIET = {"unfurl_links": False, "unfurl_media": False}


def _api(settings: Mapping[str, str], method: str) -> str:
    return f"{(settings.get('api') or 'https://slack.com/api').rstrip('/')}/{method}"


def _post(method: str, settings: Mapping[str, str], value: dict[str, object]) -> Call:
    named = {**_auth(settings), "Content-Type": "application/json; charset=utf-8"}
    return telling.send("POST", _api(settings, method), value, named)


def _page(talk: Talk) -> str | None:
    """Where the next page of the channel begins; None where all since the news was read."""
    if not talk.turns:
        return ""
    cursor = word(bodies.of(talk.turns[-1].answer), "response_metadata", "next_cursor")
    return None if len(talk.turns) > MOST_TURNS - 3 else cursor or None


def _look(news: News, settings: Mapping[str, str], cursor: str) -> Call:
    known = {
        "channel": settings["channel"],
        "oldest": f"{news.at.timestamp() - _OLD:.6f}",
        "limit": _PAGE,
        "include_all_metadata": "true",
        **({"cursor": cursor} if cursor else {}),
    }
    history = _api(settings, "conversations.history")
    return telling.ask(f"{history}?{urlencode(known)}", _auth(settings))


def _channel_of(call: Call) -> str:
    found = re.search(r"[?&]channel=([A-Z0-9]+)", call.url)
    return found.group(1) if found else ""


def _auth(settings: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings['token']}"}


def _tagged(news: News) -> dict[str, object]:
    payload = {"mark": telling.mark(news)}
    return {"metadata": {"event_type": "alertops_alert", "event_payload": payload}, **_QUIET}


def _still(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    """Cut what is escaped already, never inside of an `&amp;`."""
    return re.sub(r"&[a-z]{0,3}…\Z", "…", telling.cut(text, limit))


def _line(news: News) -> str:
    """One event: about which alert is said where no thread says it."""
    link = f"<{news.alert.url}|#{news.alert.number}>"
    note = "".join(f"\n>{_still(line)}" for line in news.note.splitlines())
    return _cut(f"{link} {_still(news.words)}{note}", 3_900)


def _message(news: News, settings: Mapping[str, str]) -> dict[str, object]:
    alert, title = news.alert, telling.title(news, 150)
    head = {"type": "plain_text", "text": title, "emoji": False}
    blocks: list[dict[str, object]] = [{"type": "header", "text": head}]
    shown = [f"*{label}*\n{_cut(_still(value), 1_900)}" for label, value in telling.facts(news)]
    fields = [{"type": "mrkdwn", "text": text} for text in shown[:10]]
    blocks.append({"type": "section", "fields": fields})
    if alert.description:
        text = _cut(_still(telling.cut(alert.description, 1_500)), 3_000)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    blocks.append({"type": "actions", "block_id": "alertops", "elements": _buttons(news, settings)})
    return {"text": f"{_still(title)} ({alert.severity}, {alert.status})", "blocks": blocks}


def _buttons(news: News, settings: Mapping[str, str]) -> list[dict[str, object]]:
    alert = news.alert
    buttons = [_button("open", "Open", str(alert.number)) | {"url": alert.url}]
    if settings.get("signing_secret") and alert.number and not news.is_over:
        buttons.append(_button("resolve", "Resolve", str(alert.number)))
        if alert.status == "triggered":
            answer = _button("acknowledge", "Acknowledge", str(alert.number))
            buttons.append(answer | {"style": "primary"})
    return buttons[::-1]


def _button(action: str, label: str, value: str) -> dict[str, object]:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": action, "text": text, "value": value}


def _pressed(body: object, settings: Mapping[str, str]) -> Said | None:
    verb, value = word(body, "actions", 0, "action_id"), word(body, "actions", 0, "value")
    who = word(body, "user", "name") or word(body, "user", "username") or word(body, "user", "id")
    if verb not in _VERBS or not value.isascii() or not value.isdigit():
        return None
    if settings.get("webhook"):
        return Said("", verb, who, alert=int(value))
    place = f"{word(body, 'container', 'channel_id')}:{word(body, 'container', 'message_ts')}"
    return Said(place, verb, who)


def _reply(event: object) -> Said | None:
    """What a person wrote in the thread of one of our messages, or of anything else."""
    if word(event, "type") != "message" or word(event, "subtype") or at(event, "bot_id"):
        return None
    thread, text = word(event, "thread_ts"), word(event, "text")
    if not thread or not text:
        return None
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return Said(f"{word(event, 'channel')}:{thread}", "note", word(event, "user"), plain)
