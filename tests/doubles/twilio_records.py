"""What Twilio keeps and says: messages, calls, and its errors, as REST 2010-04-01 shows them."""

import itertools
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from tests.doubles.faults import Knobs
from tests.doubles.wire import Answer

ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20005: (403, "Account not active"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21210: (400, "'From' phone number not verified"),
    21211: (400, "Invalid 'To' Phone Number"),
    21215: (400, "Account not authorized to call the number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21609: (400, "Invalid 'StatusCallback' URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}
# What a status callback says of a message that did not arrive, by outcome.
DELIVERY_ERRORS = {"undelivered": 30003, "failed": 30008}
_numbers = itertools.count(1)
_process = os.urandom(8).hex()  # sids stay unique over restarts of the double


def refusal(code: int, **headers: str) -> Answer:
    """Return Twilio's error body for a code."""
    status, message = ERRORS.get(code, (400, "The request was refused"))
    more = f"https://www.twilio.com/docs/errors/{code}"
    facts = {"code": code, "message": message, "more_info": more, "status": status}
    return Answer.json(facts, status, **headers)


@dataclass(slots=True)
class Record:
    """One accepted message or call."""

    kind: str  # message | call
    account: str
    fields: dict[str, str]
    at: float = field(default_factory=time.time)
    sid: str = ""
    told: str = ""  # the state a call was brought to by hand
    told_at: float = 0.0  # when the last callback was due; later ones never overtake it
    ended_at: float | None = None

    def __post_init__(self) -> None:
        self.sid = f"{'SM' if self.kind == 'message' else 'CA'}{_process}{next(_numbers):016x}"

    @property
    def number(self) -> int:
        """Return the place in the order of acceptance."""
        return int(self.sid[-16:], 16)

    @property
    def to(self) -> str:
        return self.fields.get("To", "")

    @property
    def from_(self) -> str:
        return self.fields.get("From", "")

    @property
    def body(self) -> str:
        return self.fields.get("Body", "")

    @property
    def url(self) -> str:
        return self.fields.get("Url", "")

    @property
    def status_callback(self) -> str:
        return self.fields.get("StatusCallback", "")

    @property
    def token(self) -> str:
        """Return the attempt token: the last part of the path of the StatusCallback (or Url)."""
        path = urlsplit(self.status_callback or self.url).path
        return path.rstrip("/").rpartition("/")[2]

    def outcome(self, knobs: Knobs) -> str:
        """Return what becomes of it in the end."""
        default = knobs.message_outcome if self.kind == "message" else knobs.call_outcome
        return knobs.outcome.get(self.to, default)

    def status(self, knobs: Knobs, now: float | None = None) -> str:
        """Return the state Twilio shows at this moment."""
        age = (time.time() if now is None else now) - self.at
        if self.kind == "call":
            return self.told or "queued"
        if age < knobs.step_seconds:
            return "queued"
        return "sent" if age < 2 * knobs.step_seconds else self.outcome(knobs)


def _stamp(at: float | None) -> str | None:
    return None if at is None else format_datetime(datetime.fromtimestamp(at, UTC))


def show(record: Record, knobs: Knobs) -> dict[str, Any]:
    """Return the resource as JSON shows it."""
    status = record.status(knobs)
    noun = "Messages" if record.kind == "message" else "Calls"
    common: dict[str, Any] = {
        "sid": record.sid,
        "account_sid": record.account,
        "to": record.to,
        "from": record.from_,
        "status": status,
        "date_created": _stamp(record.at),
        "date_updated": _stamp(record.at),
        "direction": "outbound-api",
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{record.account}/{noun}/{record.sid}.json",
        "subresource_uris": {},
    }
    return common | (_message(record, status) if record.kind == "message" else _call(record))


def _message(record: Record, status: str) -> dict[str, Any]:
    error = DELIVERY_ERRORS.get(status)
    return {
        "body": record.body,
        "num_segments": str(1 + max(0, len(record.body) - 1) // 153),
        "num_media": "0",
        "date_sent": _stamp(record.at),
        "messaging_service_sid": record.fields.get("MessagingServiceSid"),
        "error_code": error,
        "error_message": "The message was not delivered" if error else None,
    }


def _call(record: Record) -> dict[str, Any]:
    over = record.ended_at is not None
    return {
        "start_time": _stamp(record.at),
        "end_time": _stamp(record.ended_at),
        "duration": str(round(record.ended_at - record.at)) if record.ended_at else None,
        "answered_by": "machine_start" if record.told == "machine" and over else None,
        "parent_call_sid": None,
        "phone_number_sid": "PN" + "0" * 32,
        "to_formatted": record.to,
        "from_formatted": record.from_,
    }
