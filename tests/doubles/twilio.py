"""A Twilio double: REST 2010-04-01 for messages and calls, signed callbacks, scripted faults.

In a test: `with TwilioDouble() as twilio:` and set TWILIO_API_URL to `twilio.base_url`.
As its own process: `python -m tests.doubles.twilio --port 8090 --journal twilio.jsonl`; there the
knobs are turned by `POST /__knobs__`, and `/__reply__`, `/__press__`, `/__records__` do the rest.
"""

import argparse
import base64
import re
import threading
import time
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.doubles.faults import Dice, Knobs
from tests.doubles.twilio_callbacks import Walk
from tests.doubles.twilio_life import Life
from tests.doubles.twilio_records import Record, refusal, show
from tests.doubles.wire import Answer, HttpDouble, Request

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2
RESOURCE = re.compile(
    r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/(?P<noun>Messages|Calls)"
    r"(?:/(?P<sid>\w{34}))?\.json"
)
OWN = re.compile(
    r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})(?P<numbers>/IncomingPhoneNumbers|/OutgoingCallerIds)?.json"
)
NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class TwilioDouble(HttpDouble):
    """Accepts messages and calls like Twilio; `messages` and `calls` are what it accepted."""

    def __init__(
        self,
        *,
        port: int = 0,
        journal: str | None = None,
        seed: int = 1,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        **knobs: Any,
    ) -> None:
        super().__init__(port=port, journal=journal)
        self.knobs = Knobs()
        self.knobs.turn(**knobs)
        self.account_sid, self.auth_token = account_sid, auth_token
        self.account_status = "active"
        self.own = {"+15005550006"}
        self.verified: set[str] = set()
        self.messages: list[Record] = []
        self.calls: list[Record] = []
        self.refused: list[tuple[int, dict[str, str]]] = []
        self.requests = 0
        self._by_sid: dict[str, Record] = {}
        self._by_number: dict[str, list[Record]] = defaultdict(list)
        self._dice = Dice(seed, self.knobs)
        pair = f"{account_sid}:{auth_token}".encode()
        self._login = "Basic " + base64.b64encode(pair).decode()
        self._life = Life(account_sid, auth_token, self.knobs, self._dice, self.journal)
        self._changed = threading.Condition()

    def __exit__(self, *args: object) -> None:
        self._life.stop()
        super().__exit__(*args)

    # What a test does.

    def wait(self, count: int, timeout: float = 10.0) -> list[Record]:
        """Wait until `count` messages and calls were accepted; return all. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._by_sid) >= count, timeout):
                raise TimeoutError(f"{len(self._by_sid)} of {count} accepted in {timeout} s")
        return sorted(self._by_sid.values(), key=lambda record: record.number)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every status callback that is due to come was posted."""
        return self._life.settle(timeout)

    def clear(self) -> None:
        """Forget what was accepted, keep the knobs."""
        self.messages, self.calls, self.refused = [], [], []
        self._by_sid, self._by_number = {}, defaultdict(list)

    def reply(self, from_: str, to: str, body: str, url: str) -> tuple[int, str]:
        """Text `body` from a person's number to ours: the signed inbound webhook. STOP and START
        also do what the carrier does. Returns the product's status and TwiML."""
        return self._life.reply(from_, to, body, url)

    def press(self, call_sid: str, digits: str = "") -> Walk:
        """Answer the call and press `digits` at its first <Gather>; with "" say and press nothing,
        as an answering machine does. The call is over afterwards."""
        return self._life.press(self._by_sid[call_sid], digits)

    def hang_up(self, call_sid: str, outcome: str = "no-answer") -> None:
        """End a ringing call nobody took: no-answer, busy, failed."""
        self._life.finish(self._by_sid[call_sid], outcome)

    # The API.

    def handle(self, request: Request) -> Answer:
        self.requests += 1
        if request.target.startswith("/__"):
            return self._control(request)
        answer = self._api(request)
        answer.delay += self.knobs.reply_delay
        return answer

    def _api(self, request: Request) -> Answer:
        knobs = self.knobs
        found, own = RESOURCE.fullmatch(request.path), OWN.fullmatch(request.path)
        if request.headers.get("authorization") != self._login:
            return refusal(20003)
        if knobs.account_error:
            return self._refuse(knobs.account_error, {})
        if own and own["account"] == self.account_sid:
            return self._own(request, numbers=own["numbers"] or "")
        if not found or found["account"] != self.account_sid:
            return refusal(20404)
        if knobs.burst_429 > 0:
            knobs.burst_429 -= 1
            return self._refuse(20429, {})
        kind = "message" if found["noun"] == "Messages" else "call"
        if request.method == "POST" and not found["sid"]:
            return self._create(kind, request)
        if found["sid"]:
            record = self._by_sid.get(found["sid"])
            fits = record is not None and record.kind == kind
            return Answer.json(show(record, knobs)) if record and fits else refusal(20404)
        return self._list(kind, request)

    def _own(self, request: Request, *, numbers: str) -> Answer:
        """The account itself, and the numbers that belong to it."""
        if not numbers:
            return Answer.json({"sid": self.account_sid, "status": self.account_status})
        asked = request.query.get("PhoneNumber", "")
        is_bought = numbers == "/IncomingPhoneNumbers"
        held = self.own if is_bought else self.verified
        owned = [{"phone_number": asked, "sid": "PN" + "0" * 32}] if asked in held else []
        first = f"{request.path}?PageSize=1&Page=0"
        links = {"first_page_uri": first, "next_page_uri": None, "previous_page_uri": None}
        noun = "incoming_phone_numbers" if is_bought else "outgoing_caller_ids"
        return Answer.json({noun: owned, "page": 0} | links)

    def _create(self, kind: str, request: Request) -> Answer:
        fields = dict(request.form)
        events = [v for k, v in parse_qsl(request.body.decode()) if k == "StatusCallbackEvent"]
        if events:
            fields["StatusCallbackEvent"] = " ".join(events)
        if code := self._wrong(kind, fields):
            return self._refuse(code, fields)
        fault = self._dice.fault()
        if fault == "refuse":
            return self._refuse(self.knobs.refuse_code, fields)
        if fault == "too_many":
            return self._refuse(20429, fields)
        if fault in {"reset", "black_hole"}:
            self.journal.write("fault", fault=fault, to=fields["To"])
            return Answer(fate="reset" if fault == "reset" else "silence")
        return self._spoil(fault, self._accept(kind, fields, fault))

    def _spoil(self, fault: str, record: Record) -> Answer:
        """Return the answer to an accepted create, as the fault leaves it."""
        if fault == "accept_then_500":
            return refusal(20500)
        if fault in {"accept_then_reset", "accept_then_silence"}:
            return Answer(fate="reset" if fault.endswith("reset") else "silence")
        answer = Answer.json(show(record, self.knobs), 201)
        if fault == "drip":
            answer.fate = "drip"
        elif fault == "bad_json":
            answer.body = answer.body[: len(answer.body) // 2]
        elif fault == "wrong_type":
            answer.body, answer.content_type = b"<html><body>Welcome</body></html>", "text/html"
        elif fault == "slow":
            answer.delay = self.knobs.slow_seconds
        return answer

    def _accept(self, kind: str, fields: dict[str, str], fault: str) -> Record:
        record = Record(kind, self.account_sid, fields)
        with self._changed:
            (self.messages if kind == "message" else self.calls).append(record)
            self._by_sid[record.sid] = record
            self._by_number[record.to].append(record)
            self._changed.notify_all()
        facts = {"sid": record.sid, "to": record.to, "from": record.from_}
        facts["body"] = record.body or record.fields.get("Twiml", "")
        facts |= {"callback": record.status_callback, "url": record.url}
        self.journal.write("accepted", kind=kind, token=record.token, fault=fault, **facts)
        if self.knobs.callbacks or self.knobs.call_outcome:
            self._life.begin(record)
        return record

    def _refuse(self, code: int, fields: dict[str, str]) -> Answer:
        self.refused.append((code, fields))
        self.journal.write("refused", code=code, to=fields.get("To", ""))
        if code == 20429:
            return refusal(code, **{"Retry-After": str(self.knobs.retry_after)})
        return refusal(code)

    def _wrong(self, kind: str, fields: dict[str, str]) -> int:
        to, text = fields.get("To", ""), fields.get("Body", "")
        message = kind == "message"
        content = text if message else fields.get("Url") or fields.get("Twiml")
        callback = urlsplit(fields.get("StatusCallback", ""))
        checks = (
            (not to, 21604 if message else 21201),
            (to in self.knobs.refuse, self.knobs.refuse.get(to, 0)),
            (not NUMBER.fullmatch(to), 21211),
            (not fields.get("From") and not fields.get("MessagingServiceSid"), 21603),
            (not content, 21602 if message else 21205),
            (len(text) > 1600, 21617),
            (callback.geturl() != "" and callback.scheme not in {"http", "https"}, 21609),
        )
        return next((code for wrong, code in checks if wrong), 0)

    def _list(self, kind: str, request: Request) -> Answer:
        query = request.query
        size = min(max(int(query.get("PageSize", 50)), 1), 1000)
        own = self.messages if kind == "message" else self.calls
        pool = self._by_number.get(query["To"], []) if "To" in query else own
        field = "DateSent" if kind == "message" else "StartTime"
        after, before = _instant(query.get(f"{field}>")), _instant(query.get(f"{field}<"))
        day, end = query.get(field, ""), int(query.get("PageToken", "")[-16:] or "f" * 16, 16)
        visible, rows = time.time() - self.knobs.list_lag, []
        for record in reversed(pool):
            if after is not None and record.at < after:
                break
            fits = record.kind == kind and record.at <= visible
            fits = fits and (before is None or record.at < before + 1)
            fits = fits and (not day or _day(record.at) == day[:10])
            fits = fits and query.get("From", record.from_) == record.from_
            fits = fits and query.get("Status", status := record.status(self.knobs)) == status
            if fits and record.number < end:
                rows.append(record)
                if len(rows) > size:
                    break
        return Answer.json(self._page(kind, request, rows, size))

    def _page(self, kind: str, request: Request, rows: list[Record], size: int) -> dict[str, Any]:
        page, query = int(request.query.get("Page", 0)), dict(request.query)
        following = None
        if len(rows) > size:
            query |= {"Page": str(page + 1), "PageToken": f"PA{rows[size - 1].sid}"}
            following = f"{request.path}?{urlencode(query | {'PageSize': str(size)})}"
        noun = "messages" if kind == "message" else "calls"
        shown = [show(record, self.knobs) for record in rows[:size]]
        facts: dict[str, Any] = {"page": page, "page_size": size, "start": page * size}
        facts |= {"end": page * size + len(shown) - 1, "uri": request.target}
        first = f"{request.path}?PageSize={size}&Page=0"
        links = {"first_page_uri": first, "next_page_uri": following, "previous_page_uri": None}
        return {noun: shown} | facts | links

    # The back door, for a double in its own process.

    def _control(self, request: Request) -> Answer:
        if request.path == "/__knobs__":
            try:
                self.knobs.turn(**(request.json if request.method == "POST" else {}))
            except (KeyError, TypeError, ValueError) as error:
                return Answer.json({"message": str(error)}, 400)
            return Answer.json(asdict(self.knobs))
        if request.path == "/__records__":
            records = [*self.messages, *self.calls]
            return Answer.json([show(r, self.knobs) | {"token": r.token} for r in records])
        if request.path == "/__reply__":
            wish = request.json
            return Answer(work=lambda: Answer.json(self.reply(**wish)))
        if request.path == "/__press__":
            wish = request.json
            return Answer(work=lambda: Answer.json(asdict(self.press(**wish))))
        return refusal(20404)


def _instant(text: str | None) -> float | None:
    """Read a date or an instant as the client library writes them."""
    if not text:
        return None
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=instant.tzinfo or UTC).timestamp()


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def main() -> None:
    """Run as a process; every number or share among the knobs is an option, --accept-rate 0.9."""
    parser = argparse.ArgumentParser(description="A local Twilio double.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal")
    parser.add_argument("--seed", type=int, default=1)
    for name, value in asdict(Knobs()).items():
        if isinstance(value, (int, float, str)):
            kind = (lambda text: text == "True") if isinstance(value, bool) else type(value)
            parser.add_argument("--" + name.replace("_", "-"), type=kind, default=value)
    TwilioDouble(**vars(parser.parse_args())).serve_forever()


if __name__ == "__main__":
    main()
