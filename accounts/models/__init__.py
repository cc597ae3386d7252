"""People, how each can be reached, what they may do, and who changed what."""

from accounts.models.keys import ApiToken, AuditEntry
from accounts.models.people import User, UserManager, only_basic
from accounts.models.reach import (
    ContactMethod,
    NotificationRule,
    Reachable,
    ReachableQuerySet,
    UnsentMessage,
    Verification,
)

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ContactMethod",
    "NotificationRule",
    "Reachable",
    "ReachableQuerySet",
    "UnsentMessage",
    "User",
    "UserManager",
    "Verification",
    "only_basic",
]
