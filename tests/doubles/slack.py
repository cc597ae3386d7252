"""A Slack with one channel: messages, threads and metadata, block by block as strict as Slack."""

import re
from typing import Any

from tests.doubles.desk import Desk
from tests.doubles.wire import Answer, Request

TOKEN, CHANNEL = "xoxb-canary", "C024BE91L"
HOOK = "/services/T012AB3C4/B123ABC456/canary"


class SlackDouble(Desk):
    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.messages: list[dict[str, Any]] = []
        self.may_read = True
        self.error = ""

    @property
    def shown(self) -> list[dict[str, Any]]:
        """What stands in the channel itself."""
        return [message for message in self.messages if not message.get("thread_ts")]

    @property
    def thread(self) -> list[str]:
        return [message["text"] for message in self.messages if message.get("thread_ts")]

    def work(self, request: Request) -> Answer:
        if request.path == HOOK:
            return self._hook(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no("invalid_auth")
        if self.error:
            return _no(self.error)
        method = request.path.removeprefix("/api/")
        if method == "conversations.history":
            return self._history(request)
        named = request.headers["content-type"].replace(" ", "").lower()
        assert named == "application/json;charset=utf-8", "Slack warns otherwise"
        sent = request.json
        if sent.get("channel") != CHANNEL:
            return _no("channel_not_found")
        if problem := _problem(sent):
            return _no(problem)
        if method == "chat.postMessage":
            return self._post(sent)
        return self._update(sent) if method == "chat.update" else _no("unknown_method")

    def _post(self, sent: dict[str, Any]) -> Answer:
        thread = sent.get("thread_ts")
        if thread and thread not in {message["ts"] for message in self.messages}:
            return _no("thread_not_found")
        ts = f"1772420409.{len(self.messages):06d}"
        self.messages.append({**sent, "ts": ts})
        return Answer.json({"ok": True, "channel": CHANNEL, "ts": ts, "message": sent})

    def _update(self, sent: dict[str, Any]) -> Answer:
        for message in self.messages:
            if message["ts"] == sent["ts"]:
                message.update(sent)
                return Answer.json({"ok": True, "channel": CHANNEL, "ts": sent["ts"]})
        return _no("message_not_found")

    def _history(self, request: Request) -> Answer:
        if not self.may_read:
            told = {"ok": False, "error": "missing_scope", "needed": "channels:history"}
            return Answer.json({**told, "provided": "chat:write"})
        query = request.query or request.form  # Slack takes either
        assert query["include_all_metadata"] in {"true", "1"}
        begin, size = int(query.get("cursor") or 0), int(query["limit"])
        newest = self.shown[::-1]
        cursor = str(begin + size) if begin + size < len(newest) else ""
        told = {"ok": True, "messages": newest[begin : begin + size]}
        return Answer.json({**told, "response_metadata": {"next_cursor": cursor}})

    def _hook(self, request: Request) -> Answer:
        sent = request.json
        if problem := _problem(sent):
            return Answer(400, problem.encode(), "text/plain")
        self.messages.append({**sent, "ts": f"1772420409.{len(self.messages):06d}"})
        return Answer(200, b"ok", "text/html")

    def wait(self) -> Answer:
        return Answer.json({"ok": False, "error": "ratelimited"}, 429, **{"Retry-After": "30"})


def _no(error: str) -> Answer:
    return Answer.json({"ok": False, "error": error})


def _problem(sent: dict[str, Any]) -> str:
    """What Slack would say of a message, "" where it takes it."""
    text = sent.get("text", "")
    if not text:
        return "no_text"
    if re.search(r"<[!@#]", text):
        raise AssertionError("somebody would be mentioned")
    if len(text) > 4_000:
        return "msg_too_long"
    blocks = sent.get("blocks", [])
    return "invalid_blocks" if len(blocks) > 50 or not all(map(_fits, blocks)) else ""


def _fits(block: dict[str, Any]) -> bool:
    kind = block["type"]
    if kind == "header":
        return block["text"]["type"] == "plain_text" and 0 < len(block["text"]["text"]) <= 150
    if kind == "section":
        if "fields" in block:
            fits = all(_marked(field, 2_000) for field in block["fields"])
            return fits and 0 < len(block["fields"]) <= 10
        return _marked(block["text"], 3_000)
    if kind == "actions":
        names = [button["action_id"] for button in block["elements"]]
        fits = all(0 < len(button["text"]["text"]) <= 75 for button in block["elements"])
        return fits and 0 < len(names) <= 25 and len(set(names)) == len(names)
    return False


def _marked(text: dict[str, Any], longest: int) -> bool:
    if re.search(r"<[!@#]", text["text"]):
        raise AssertionError("somebody would be mentioned")
    return text["type"] == "mrkdwn" and 0 < len(text["text"]) <= longest
