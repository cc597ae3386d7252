"""The rows of this app. What belongs together stands in a file of its own."""

from escalation.models_lost import LostMethod
from escalation.models_policies import (
    GroupPolicy,
    Level,
    LevelChannel,
    Policy,
    PolicyVersion,
    channel_choices,
)
from escalation.models_running import Attempt, Circuit, Escalation, Notification, Reply

__all__ = [
    "Attempt",
    "Circuit",
    "Escalation",
    "GroupPolicy",
    "Level",
    "LevelChannel",
    "LostMethod",
    "Notification",
    "Policy",
    "PolicyVersion",
    "Reply",
    "channel_choices",
]
