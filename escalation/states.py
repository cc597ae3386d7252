"""The words of escalation: whom a level names, how a notification fares. No database here."""

from django.db.models import TextChoices


class NotificationType(TextChoices):
    """Whose contact preferences count when a policy notifies somebody."""

    POLICY = "policy", "Policy: its own channels and sequence"
    USER = "user", "User preference: each person's own rules"


class Target(TextChoices):
    PRIMARY = "primary", "Primary"
    SECONDARY = "secondary", "Secondary"
    MANAGER = "manager", "Manager"
    EVERYONE = "everyone", "All members"
    USER = "user", "A named person"
    GROUP = "group", "Another group"
    CONTACT = "contact", "The group's own contact methods"


class State(TextChoices):
    """The life of one notification (reliability §3.5)."""

    PENDING = "pending", "Waiting"
    SENDING = "sending", "Sending"
    UNKNOWN = "unknown", "Unclear, being looked up"
    ACCEPTED = "accepted", "Sent"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"


OPEN_STATES = (State.PENDING, State.SENDING, State.UNKNOWN)


class Purpose(TextChoices):
    """What a notification is for; pages go before everything else."""

    PAGE = "page", "Page"
    FALLBACK = "fallback", "Fallback page"
    NOTICE = "notice", "Notice"
