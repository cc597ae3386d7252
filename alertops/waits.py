"""How long somebody asks to be left alone: Retry-After, in seconds or as a date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from alertops import clock

LONGEST = 7 * 86_400.0
"""Seconds: nobody is left alone for longer because he asks for it. Callers allow less."""


def asked(retry_after: str, date: str = "") -> float | None:
    """The seconds a Retry-After asks for; None where it says nothing that can be understood.

    A date is measured from `date`, what the same answer says of the time: it means its own clock.
    """
    wanted = retry_after.strip()
    if wanted.isascii() and wanted.isdigit():
        return min(float(wanted), LONGEST)
    until = _instant(wanted)
    if until is None:
        return None
    rest = until - (_instant(date) or clock.now())
    return min(max(rest.total_seconds(), 0.0), LONGEST)


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
