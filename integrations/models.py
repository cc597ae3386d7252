"""The rows of this app. What belongs together stands in a file of its own."""

from integrations.keys import key_hash
from integrations.models_heartbeats import Heartbeat, Listening
from integrations.models_inbound import Integration, Key, kinds
from integrations.models_log import SEARCHED, EventOutcome, InboundEvent
from integrations.models_mail import MailRule
from integrations.models_maintenance import MaintenanceWindow
from integrations.models_outbound import OutboundConnection, OutboundSecret
from integrations.models_outbound_log import (
    OutboundAttempt,
    OutboundCursor,
    OutboundDelivery,
    OutboundLink,
    OutboundMessage,
)
from integrations.models_replays import Imagined, Replay
from integrations.models_routes import Route
from integrations.models_services import Service

__all__ = [
    "SEARCHED",
    "EventOutcome",
    "Heartbeat",
    "Imagined",
    "InboundEvent",
    "Integration",
    "Key",
    "Listening",
    "MailRule",
    "MaintenanceWindow",
    "OutboundAttempt",
    "OutboundConnection",
    "OutboundCursor",
    "OutboundDelivery",
    "OutboundLink",
    "OutboundMessage",
    "OutboundSecret",
    "Replay",
    "Route",
    "Service",
    "key_hash",
    "kinds",
]
