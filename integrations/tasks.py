"""django-q2's entry point: start the loop, hand over to the next run. Any number may run."""

from __future__ import annotations

from datetime import datetime

from django_q.tasks import async_task

from alertops import lifeline, loops
from integrations import heartbeats
from integrations.inbox import process


def work(now: datetime) -> datetime | None:
    """One look of the inbox's loop: what is late, then what has come in."""
    heartbeats.look(now)
    return process(now)


def inbox() -> int:
    """The inbox's loop: events become alerts."""
    return loops.run("inbox", work, hand_over=lambda: async_task(inbox), stop=lifeline.closing)
