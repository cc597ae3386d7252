"""Whose fault it is when a process dies with events in its hands.

A batch is one transaction, so an event that kills its process, or hangs it until it is killed,
leaves no trace: the next one would take it up again, for ever, and everybody's events behind it
would wait. So whoever takes up events that have waited, without having been busy with others, first
writes down that it tries them. Those that have been tried before are worked off one at a time, and
one that was tried often enough is given up: somebody is paged about it.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from alertops import prepared
from integrations.reading import Event

HELD = timedelta(seconds=2)
"""An event that waits longer for a process with nothing else to do was in another's hands."""
TRIES = 3

_worked = float("-inf")


def worked() -> None:
    """Remember that this process has just worked off what it took."""
    global _worked
    _worked = time.monotonic()


def pick(events: Sequence[Event]) -> list[Event]:
    """Return those that may be worked off together: up to the first that was tried before, or it
    alone. None overtakes another."""
    return list(takewhile(lambda event: not event.attempts, events)) or list(events[:1])


def is_in_doubt(events: Sequence[Event], now: datetime) -> bool:
    """Whether somebody may have died of one of them."""
    if any(event.was_left for event in events):
        return True
    if not events or time.monotonic() - _worked < HELD.total_seconds():
        return False
    return now - min(event.received_at for event in events) > HELD


def is_guilty(events: Sequence[Event]) -> bool:
    """Whether so many have died with it in hand, all but the first with nothing else."""
    return any(event.was_left and event.attempts >= TRIES for event in events)


def mark(events: Sequence[Event]) -> set[int]:
    """Write down that they are tried now. To be committed before they are looked into."""
    ids = {event.id for event in events}
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_inboundevent SET attempts = least(attempts + 1, 1000),"
            " next_try_at = NULL WHERE id = ANY(%s)",
            [sorted(ids)],
        )
    return ids


def clear(ids: set[int]) -> None:
    """Take the mark back: whatever went wrong, nobody has died of it."""
    if not ids:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_inboundevent SET attempts = attempts - 1"
            " WHERE id = ANY(%s) AND attempts > 0",
            [sorted(ids)],
        )
