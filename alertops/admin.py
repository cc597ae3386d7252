"""Where the console finds what the wiring itself shows there."""

from alertops import queue_admin

__all__ = ["queue_admin"]
