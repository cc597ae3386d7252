"""django-q2's entry points: start a loop, hand over to the next run. Any number may run."""

from __future__ import annotations

from django_q.tasks import async_task

from alertops import clock, lifeline, loops
from escalation import lost
from escalation.dispatch import Dispatcher
from escalation.engine import tick as look


def tick() -> int:
    """The engine's loop: due alerts become notifications."""
    return loops.run("tick", look, hand_over=lambda: async_task(tick), stop=lifeline.closing)


def outbox() -> int:
    """The dispatcher's loop: notifications leave."""
    dispatcher = Dispatcher()
    try:
        return loops.run(
            "outbox",
            dispatcher.work,
            hand_over=lambda: async_task(outbox),
            stop=lifeline.closing,
        )
    finally:
        dispatcher.close()


def tell_of_lost_methods() -> int:
    """People learn that a contact method of theirs is dead."""
    return lost.tell(clock.now())
