"""The rows of this app. What belongs together stands in a file of its own."""

from integrations.keys import key_hash
from integrations.models_inbound import Integration, Key, Route, kinds
from integrations.models_log import SEARCHED, EventOutcome, InboundEvent

__all__ = [
    "SEARCHED",
    "EventOutcome",
    "InboundEvent",
    "Integration",
    "Key",
    "Route",
    "key_hash",
    "kinds",
]
