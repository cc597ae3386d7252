"""What becomes of an accepted message or call: its states, its callbacks, the person at the end."""

import threading
import time

from tests.doubles.faults import Dice, Knobs
from tests.doubles.journal import Journal
from tests.doubles.twilio_callbacks import Courier, Post, Walk, walk
from tests.doubles.twilio_records import DELIVERY_ERRORS, Record

STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
UNHEARD = {"no-answer", "busy", "failed"}


class Life:
    """Moves records on and tells the product, as far as the knobs let the telling through."""

    def __init__(
        self, account_sid: str, auth_token: str, knobs: Knobs, dice: Dice, journal: Journal
    ) -> None:
        self._account, self._knobs, self._dice, self._journal = account_sid, knobs, dice, journal
        self._post = Post(auth_token)
        self._courier = Courier(self._post, journal)

    def stop(self) -> None:
        """Drop what was still to happen."""
        self._courier.stop()

    def settle(self, timeout: float) -> bool:
        """Wait until every planned callback was posted; False if that took too long."""
        return self._courier.settle(timeout)

    def reply(self, from_: str, to: str, body: str, url: str) -> tuple[int, str]:
        """Post an inbound text; STOP and START act on the number first."""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self._knobs.refuse[from_] = 21610
        elif word in {"START", "UNSTOP"}:
            self._knobs.refuse.pop(from_, None)
        sid = Record("message", self._account, {}).sid
        form = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received"}
        form |= {"From": from_, "To": to, "Body": body, "NumMedia": "0", "NumSegments": "1"}
        return self._post(url, form | self._common())

    def press(self, record: Record, digits: str) -> Walk:
        """Answer, press, hang up."""
        record.told = "in-progress"
        self._callback(record, "in-progress", 0, rank=2)
        form = self._call_form(record) | {"CallStatus": "in-progress"}
        seen = walk(self._post, record.url, form, digits, record.fields.get("Twiml", ""))
        self.finish(record, "completed")
        return seen

    def begin(self, record: Record) -> None:
        """Plan what follows an acceptance: the states and their callbacks."""
        if record.kind == "message":
            if record.status_callback:
                for step, state in enumerate(_states(record.outcome(self._knobs))):
                    self._callback(record, state, step, rank=step)
            return
        record.told = "ringing"
        for rank, state in enumerate(("initiated", "ringing")):
            self._callback(record, state, rank, rank=rank)
        outcome = record.outcome(self._knobs)
        if outcome:
            timer = threading.Timer(3 * self._knobs.step_seconds, self._fate, (record, outcome))
            timer.daemon = True
            timer.start()

    def _fate(self, record: Record, outcome: str) -> None:
        if outcome in UNHEARD:
            self.finish(record, outcome)
            return
        try:
            self.press(record, self._knobs.call_digits if outcome == "answered" else "")
        except Exception as error:  # the product may be dead at this moment; Twilio hangs up too
            self._journal.write("call_broken", sid=record.sid, error=repr(error))
            self.finish(record, "completed")

    def finish(self, record: Record, outcome: str) -> None:
        """End a call."""
        record.told, record.ended_at = outcome, time.time()
        self._callback(record, outcome, 0, rank=3)

    def _callback(self, record: Record, state: str, step: int, *, rank: int) -> None:
        knobs, dice = self._knobs, self._dice
        url = record.status_callback
        if not url or not knobs.callbacks or dice.chance(knobs.callback_loss):
            return
        if record.kind == "call":
            event = {"in-progress": "answered"}.get(state, state if rank < 3 else "completed")
            if event not in record.fields.get("StatusCallbackEvent", "completed").split():
                return
            form = self._call_form(record) | {"CallStatus": state, "SequenceNumber": str(rank)}
            form |= {"CallDuration": "1"} if state == "completed" else {}
        else:
            form = {"MessageSid": record.sid, "SmsSid": record.sid, "MessageStatus": state}
            form |= {"SmsStatus": state, "To": record.to, "From": record.from_} | self._common()
            if state in DELIVERY_ERRORS:
                form["ErrorCode"] = str(DELIVERY_ERRORS[state])
        due = time.monotonic() + knobs.callback_delay + step * knobs.step_seconds
        record.told_at = due = max(due, record.told_at)
        if dice.chance(knobs.callback_reorder):
            due += dice.spread(5 * knobs.step_seconds)
        self._courier.send(record.sid, due, url, form)
        if dice.chance(knobs.callback_duplicate):
            self._courier.send(record.sid, due + dice.spread(knobs.step_seconds), url, form)

    def _common(self) -> dict[str, str]:
        return {"AccountSid": self._account, "ApiVersion": "2010-04-01"}

    def _call_form(self, record: Record) -> dict[str, str]:
        form = {"CallSid": record.sid, "To": record.to, "Called": record.to}
        form |= {"From": record.from_, "Caller": record.from_, "Direction": "outbound-api"}
        return form | self._common()


def _states(outcome: str) -> list[str]:
    return ["queued", "sent"] if outcome == "sent" else ["queued", "sent", outcome]
