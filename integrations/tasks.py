"""django-q2's entry point: start the loop, hand over to the next run. Any number may run."""

from __future__ import annotations

from django_q.tasks import async_task

from alertops import lifeline, loops
from integrations.inbox import process


def inbox() -> int:
    """The inbox's loop: events become alerts."""
    return loops.run("inbox", process, hand_over=lambda: async_task(inbox), stop=lifeline.closing)
