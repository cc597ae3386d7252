"""The words of an alert's life and the one table of legal moves. No database here."""

from dataclasses import dataclass

from django.db.models import TextChoices


class Status(TextChoices):
    TRIGGERED = "triggered", "Triggered"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class Severity(TextChoices):
    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"
    INFO = "info", "Info"


class Urgency(TextChoices):
    """Which of a person's two sets of notification rules an alert uses."""

    HIGH = "high", "High urgency"
    LOW = "low", "Low urgency"


LOW_URGENCY = frozenset({Severity.LOW, Severity.INFO})


SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
"""0 is the most severe."""


def urgency_of(severity: str) -> Urgency:
    """Low and info may wait for the morning's rules; everything else uses the loud ones."""
    return Urgency.LOW if severity in LOW_URGENCY else Urgency.HIGH


class Wake(TextChoices):
    """Why the engine must look at `Alert.wake_at`. A fact for the engine, never a command."""

    START = "start", "Start the policy from its first level"
    STEP = "step", "The next step is due"
    ESCALATE = "escalate", "Somebody asked for the next level now"
    ASSIGNED = "assigned", "Page the person it was assigned to"
    RESUME = "resume", "Nobody confirmed in time: go on where the policy stood"
    SUPPRESSED = "suppressed", "Look again when maintenance ends"
    ACKNOWLEDGED = "acknowledged", "Does this acknowledgement expire?"
    ATTACHED = "attached", "Is the alert it follows still open?"


class Verb(TextChoices):
    ACKNOWLEDGE = "acknowledge", "Acknowledge"
    UNACKNOWLEDGE = "unacknowledge", "Unacknowledge"
    RESOLVE = "resolve", "Resolve"
    ESCALATE = "escalate", "Escalate"
    ASSIGN = "assign", "Assign"
    SNOOZE = "snooze", "Snooze"
    NOTE = "note", "Add note"


class Kind(TextChoices):
    """What can happen to an alert, in the past tense. Adding one adds one template of words."""

    OPENED = "opened", "Opened"
    REPEATED = "repeated", "Fired again"
    SEVERITY_RAISED = "severity_raised", "Severity raised"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    UNACKNOWLEDGED = "unacknowledged", "Unacknowledged"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement_expired", "Acknowledgement timed out"
    ASSIGNED = "assigned", "Assigned"
    ASSIGNMENT_EXPIRED = "assignment_expired", "Assignment timed out"
    ESCALATED = "escalated", "Escalated by hand"
    SNOOZED = "snoozed", "Snoozed"
    SNOOZE_ENDED = "snooze_ended", "Snooze ended"
    SUPPRESSED = "suppressed", "Suppressed by maintenance"
    RELEASED = "released", "Released from maintenance"
    ATTACHED = "attached", "Attached to another alert"
    DETACHED = "detached", "Stands alone"
    RESOLVED = "resolved", "Resolved"
    NOTED = "noted", "Note"
    ESCALATION_STARTED = "escalation_started", "Escalation started"
    LEVEL_STARTED = "level_started", "Level notified"
    LEVEL_SKIPPED = "level_skipped", "Level skipped"
    ROUND_STARTED = "round_started", "Policy repeated"
    EXHAUSTED = "exhausted", "Policy exhausted"
    FALLBACK = "fallback", "Fallback notified"
    PAGED = "paged", "Notified"
    PAGE_DELIVERED = "page_delivered", "Delivered"
    PAGE_FAILED = "page_failed", "Notification failed"
    PAGE_DELAYED = "page_delayed", "Notification delayed"
    PAGE_CANCELLED = "page_cancelled", "Notifications cancelled"
    NO_IMMEDIATE_RULE = "no_immediate_rule", "No immediate rule"
    ENGINE_LATE = "engine_late", "Engine was late"


@dataclass(frozen=True)
class Transition:
    """From which states a verb may be used, where it leads (None: it stays), what it records."""

    allowed: frozenset[Status]
    target: Status | None
    kind: Kind
    done: str
    """The participle for "it cannot be …"."""


_OPEN = frozenset({Status.TRIGGERED, Status.ACKNOWLEDGED})
_ANY = frozenset(Status)

TRANSITIONS: dict[Verb, Transition] = {
    Verb.ACKNOWLEDGE: Transition(_OPEN, Status.ACKNOWLEDGED, Kind.ACKNOWLEDGED, "acknowledged"),
    Verb.UNACKNOWLEDGE: Transition(_OPEN, Status.TRIGGERED, Kind.UNACKNOWLEDGED, "unacknowledged"),
    Verb.RESOLVE: Transition(_ANY, Status.RESOLVED, Kind.RESOLVED, "resolved"),
    Verb.ESCALATE: Transition(_OPEN, Status.TRIGGERED, Kind.ESCALATED, "escalated"),
    Verb.ASSIGN: Transition(_OPEN, Status.TRIGGERED, Kind.ASSIGNED, "assigned"),
    Verb.SNOOZE: Transition(_OPEN, Status.TRIGGERED, Kind.SNOOZED, "snoozed"),
    Verb.NOTE: Transition(_ANY, None, Kind.NOTED, "noted"),
}


def verbs_from(status: str) -> list[Verb]:
    """Return the verbs a button, the API or the admin may offer in `status`, in screen order."""
    return [
        verb
        for verb, step in TRANSITIONS.items()
        if Status(status) in step.allowed
        and (verb in _REPEATABLE or step.target is None or step.target != status)
    ]


_REPEATABLE = frozenset({Verb.ESCALATE, Verb.ASSIGN, Verb.SNOOZE})


class NotAllowed(Exception):
    """The move is not in the table, or its target cannot take it. The message is for people."""
