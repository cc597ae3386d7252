"""The knobs of the Twilio double: each may be turned at run time, chances are drawn from a seed."""

import random
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Knobs:
    """Shares are between 0 and 1 of creates, times are seconds."""

    # A create is not accepted and says so: the rest of `accept_rate` is refused with this code.
    accept_rate: float = 1.0
    refuse_code: int = 20500
    too_many: float = 0.0  # 429, with Retry-After
    burst_429: int = 0  # the next N requests are answered 429
    retry_after: int = 1
    # A create is not accepted and the client cannot know.
    reset: float = 0.0
    black_hole: float = 0.0
    # A create is accepted, the answer is lost or useless.
    accept_then_500: float = 0.0
    accept_then_reset: float = 0.0
    accept_then_silence: float = 0.0
    drip: float = 0.0
    bad_json: float = 0.0
    wrong_type: float = 0.0
    # Accepted and answered late.
    slow: float = 0.0
    slow_seconds: float = 2.0
    reply_delay: float = 0.0  # every answer of the API
    # Look-ups.
    list_lag: float = 0.0
    # Numbers and the account.
    refuse: dict[str, int] = field(default_factory=dict)  # number -> 21610, 21211 ...
    account_error: int = 0  # 20003, 20005: everything is refused
    # Status callbacks.
    callbacks: bool = True
    callback_loss: float = 0.0
    callback_duplicate: float = 0.0
    callback_reorder: float = 0.0
    callback_delay: float = 0.0
    step_seconds: float = 0.02  # queued -> sent -> delivered, initiated -> ringing -> answered
    # What becomes of what was accepted; `outcome` is for one number.
    message_outcome: str = "delivered"  # sent | delivered | undelivered | failed
    call_outcome: str = ""  # "" rings until told | answered | machine | no-answer | busy | failed
    call_digits: str = ""  # pressed by whoever answers
    outcome: dict[str, str] = field(default_factory=dict)

    def turn(self, **values: Any) -> None:
        """Set knobs by name. Raises KeyError for an unknown one."""
        known = {knob.name for knob in fields(self)}
        if unknown := set(values) - known:
            raise KeyError(f"no such knob: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, value)


FAULTS = (
    "too_many",
    "reset",
    "black_hole",
    "accept_then_500",
    "accept_then_reset",
    "accept_then_silence",
    "drip",
    "bad_json",
    "wrong_type",
    "slow",
)


class Dice:
    """Draws which fault meets a request; at most one does."""

    def __init__(self, seed: int, knobs: Knobs) -> None:
        self._random = random.Random(seed)
        self._knobs = knobs

    def fault(self) -> str:
        """Return the name of the fault for this create, "refuse", or "" for none."""
        point = self._random.random()
        for name in FAULTS:
            point -= getattr(self._knobs, name)
            if point < 0:
                return name
        refused = self._knobs.accept_rate < 1 and self.chance(1 - self._knobs.accept_rate)
        return "refuse" if refused else ""

    def chance(self, share: float) -> bool:
        """Return True in this share of the calls."""
        return share > 0 and self._random.random() < share

    def spread(self, seconds: float) -> float:
        """Return a time between nothing and `seconds`."""
        return self._random.random() * seconds
