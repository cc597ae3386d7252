"""Placeholder: the watchdog's process."""

import time

from alertops import lifeline


def main() -> None:
    """Sleep until the house closes."""
    while not lifeline.closing():
        time.sleep(1.0)
