"""The words of outbound messages. No database here."""

from datetime import timedelta

from django.db.models import TextChoices

from alerts.states import Kind

GIVE_UP = timedelta(hours=48)
OFF = timedelta(hours=24)
"""How long a connection rests after MANY messages in a row were given up."""
MANY = 3
_PAUSES = (5, 10, 20, 40, 60, 120, 300, 600, 1200, 1800, 3600)
LONGEST_ASKED = timedelta(hours=24)
"""The longest Retry-After that is heeded."""


class Progress(TextChoices):
    """How far a message is."""

    QUEUED = "queued", "Waiting"
    SENDING = "sending", "On its way"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    SKIPPED = "skipped", "Nothing to tell"
    KEPT = "kept", "Kept here"


UNFINISHED = (Progress.QUEUED, Progress.SENDING)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return timedelta(seconds=_PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1])


def rest(failures: int) -> timedelta:
    """How long a connection is left alone after so many failures in a row."""
    return timedelta(seconds=min(2.0 ** min(failures, 10) / 2, 60.0))


_OF_THE_ALERT = frozenset(
    {
        Kind.OPENED,
        Kind.REPEATED,
        Kind.SEVERITY_RAISED,
        Kind.ACKNOWLEDGED,
        Kind.UNACKNOWLEDGED,
        Kind.ACKNOWLEDGEMENT_EXPIRED,
        Kind.ASSIGNED,
        Kind.ASSIGNMENT_EXPIRED,
        Kind.ESCALATED,
        Kind.SNOOZED,
        Kind.SNOOZE_ENDED,
        Kind.SUPPRESSED,
        Kind.RELEASED,
        Kind.ATTACHED,
        Kind.DETACHED,
        Kind.RESOLVED,
        Kind.NOTED,
    }
)
EVENTS: list[tuple[str, list[tuple[str, str]]]] = [
    ("The alert", [(kind.value, kind.label) for kind in Kind if kind in _OF_THE_ALERT]),
    ("Its paging", [(kind.value, kind.label) for kind in Kind if kind not in _OF_THE_ALERT]),
]
"""What may be told, as a form shows it."""
