"""The three names an alert has at Opsgenie, and the one of a request."""

import uuid

from alerts.models import Alert
from alerts.states import Status
from integrations import texts
from integrations.dropins.door import alerts_of
from integrations.dropins.earlier import Named, alert_of
from integrations.models import Integration
from integrations.vendors.opsgenie import opsgenie

_HIGH = 0xA1E27000_0000_4000
_VARIANT = 0x8 << 60
_NUMBER = (1 << 60) - 1


class Unknown(Exception):
    """No alert of this integration has that name. The message is for the caller."""


def id_of(number: int) -> str:
    """The UUID that stands for an alert's number."""
    return str(uuid.UUID(int=(_HIGH << 64) | _VARIANT | number))


def number_of(text: str) -> int | None:
    """The number behind a UUID of ours."""
    try:
        value = uuid.UUID(text).int
    except ValueError:
        return None
    is_ours = value >> 64 == _HIGH and value & (0xF << 60) == _VARIANT
    return value & _NUMBER if is_ours else None


def find(integration: Integration, kind: str, name: str) -> Alert:
    """The alert of this integration with that name. Raises Unknown."""
    alerts = alerts_of(integration).select_related("assignee", "group")
    named = {"alias": texts.key(name)} if kind == "alias" else address_of(integration, kind, name)
    found: Alert | None = None
    if "alert" in named:
        found = alerts.filter(pk=named["alert"]).first()
    elif "alias" in named and "\x00" not in named["alias"]:
        found = alerts.exclude(status=Status.RESOLVED).filter(dedup_key=named["alias"]).first()
    if found is None:
        raise Unknown(f"Alert with {kind} [{texts.line(name, 200)}] does not exist.")
    return found


def address_of(integration: Integration, kind: str, name: str) -> Named:
    """What the inbox needs to know to find the alert, or why it will not."""
    number = _decimal(name)
    if kind == "tiny":
        found = number
    elif number is not None:
        return alert_of(integration, number, opsgenie)
    else:
        found = number_of(name)
    if found is not None and alerts_of(integration).filter(pk=found).exists():
        return {"alert": found}
    return {"unknown": f"Alert with {kind} [{texts.line(name, 200)}] does not exist."}


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
