"""How what comes in at a drop-in API's door is read. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.mapping import Vendor


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of an event besides its body."""

    address: Mapping[str, Any]
    """What the door read in the address, and stored with the event."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """Not an alert and nothing asked of one: a line for the log."""

    text: str


Prepare = Callable[[Any, Heard], Any]


def as_it_is(said: Any, heard: Heard) -> Any:
    """The body is what the vendor's file of facts describes."""
    return said


@dataclass(frozen=True)
class Dialect:
    """How to read the events that came in through one door; stored with each of them by name."""

    name: str
    vendor: Vendor
    prepare: Prepare = as_it_is
    """Makes of body and address a payload for the vendor, an Ask, or a Remark."""
    may_be_empty: bool = False
    """Whether the address alone may say everything."""
