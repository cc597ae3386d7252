"""How long a message is one sender's: a short lease, which the loop renews while its thread works.

A sender that dies renews nothing, and its messages are free again within LEASE. One that lives is
never overtaken, however slow its receiver: no request begins unless what is left of the lease
outlasts it, and who cannot renew (the database is away, the process was frozen) begins none. That
is measured on this host's own clock, which nobody sets. The heartbeat of the loop could not say as
much: a run that has handed over, or that has lost the database, may well have requests open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

LEASE = timedelta(seconds=10)
RENEW = 1.0
"""Seconds between two renewals. LEASE leaves room for a few that fail."""
REQUEST = 6.0
"""Seconds a request needs of the lease: its own limit, and one for the way to the database."""


class Hold:
    """What is left of one lease. Extended by the loop's thread, asked by the sender's."""

    def __init__(self, began: float) -> None:
        """`began`: monotonic seconds when, or before, the lease was taken."""
        self._ends = began + LEASE.total_seconds()

    def extend(self, began: float) -> None:
        self._ends = began + LEASE.total_seconds()

    def end(self) -> None:
        """No further request begins."""
        self._ends = float("-inf")

    def lasts(self) -> bool:
        """Whether a request may begin now."""
        return time.monotonic() + REQUEST < self._ends


Lasts = Callable[[], bool]
