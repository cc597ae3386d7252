"""The words of keys, of the inbound log and of routes."""

from collections.abc import Iterable

from django.db.models import TextChoices


class Standing(TextChoices):
    """Whether a key still opens the door."""

    CURRENT = "current", "Current"
    PREVIOUS = "previous", "Replaced, still good"
    VOID = "void", "Void"


class Outcome(TextChoices):
    """What became of an event. The words are part of the API."""

    CREATED = "created", "Opened an alert"
    APPENDED = "appended", "Added to an open alert"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"
    CHANGED = "changed", "Changed an alert"
    IGNORED = "ignored", "Ignored"
    SUPPRESSED = "suppressed", "Suppressed"
    NO_OPEN_ALERT = "no_open_alert", "No open alert"
    ERROR = "error", "Could not be read"


# An event with several alerts shows the outcome somebody most wants to know.
_TELLING = (
    Outcome.ERROR,
    Outcome.CREATED,
    Outcome.RESOLVED,
    Outcome.ACKNOWLEDGED,
    Outcome.CHANGED,
    Outcome.APPENDED,
    Outcome.SUPPRESSED,
    Outcome.NO_OPEN_ALERT,
    Outcome.IGNORED,
)
_RANK = {outcome.value: rank for rank, outcome in enumerate(_TELLING)}


def most_telling(outcomes: Iterable[str]) -> str:
    """Return one word for several; `ignored` for none."""
    return min(outcomes, key=_RANK.__getitem__, default=Outcome.IGNORED.value)


class Criticality(TextChoices):
    """How much hangs on a technical service."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class AtEnd(TextChoices):
    """What maintenance does with what still fires when it is over."""

    RELEASE = "release", "Page what still fires"
    DISCARD = "discard", "Close it without a page"


class Pulse(TextChoices):
    """How a heartbeat is."""

    WAITING = "waiting", "Waiting for the first ping"
    UP = "up", "Alive"
    DOWN = "down", "Down"
    PAUSED = "paused", "Paused"


class Said(TextChoices):
    """What a ping says."""

    SUCCESS = "success", "Success"
    START = "start", "Started"
    FAIL = "fail", "Failure"
    LOG = "log", "Note"


class MailField(TextChoices):
    """What a mail rule looks at."""

    SUBJECT = "subject", "Subject"
    SENDER = "sender", "Sender"
    BODY = "body", "Text"
    ANY = "any", "Any of them"


class MailAction(TextChoices):
    """What a mail rule makes of a mail."""

    TRIGGER = "trigger", "Open an alert"
    ACKNOWLEDGE = "acknowledge", "Acknowledge it"
    RESOLVE = "resolve", "Resolve it"
    IGNORE = "ignore", "Ignore it"


class Operator(TextChoices):
    EQUALS = "equals", "is"
    CONTAINS = "contains", "contains"
    STARTS = "starts", "begins with"
    REGEX = "regex", "matches the pattern"
    EXISTS = "exists", "is there"
