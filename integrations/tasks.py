"""django-q2's entry point: start the loop, hand over to the next run. Any number may run."""

from __future__ import annotations

from datetime import datetime

from django_q.tasks import async_task

from alertops import clock, lifeline, loops
from integrations import heartbeats
from integrations.inbox import process
from integrations.outbound import owners, sender

RUN, PATIENCE = 45.0, 15.0
"""Seconds of a run of the outbound loop, and of what is under way at its end. With the overtime of
a loop and the last request they are less than a task may take."""


def work(now: datetime) -> datetime | None:
    """One look of the inbox's loop: what is late, then what has come in."""
    heartbeats.look(now)
    return process(now)


def inbox() -> int:
    """The inbox's loop: events become alerts."""
    return loops.run("inbox", work, hand_over=lambda: async_task(inbox), stop=lifeline.closing)


def tell_other_tools() -> int:
    """The loop of outbound webhooks: no page waits for it, and without a connection it ends."""
    if not sender.is_needed():
        return 0
    work = sender.Sender()
    try:
        return loops.run(
            sender.LOOP,
            work.work,
            seconds=RUN,
            hand_over=lambda: async_task(tell_other_tools),
            stop=lifeline.closing,
        )
    finally:
        work.close(0.0 if lifeline.closing() else PATIENCE)


def tell_of_dead_ends() -> int:
    """Owners hear of connections that were switched off for a day."""
    return owners.tell(clock.now())
