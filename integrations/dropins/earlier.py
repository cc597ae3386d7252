"""Which alert an earlier request was about: for products that hand out the request's own number."""

from typing import Any

from integrations import payloads
from integrations.mapping import Vendor, read
from integrations.models import EventOutcome, InboundEvent, Integration

Named = dict[str, Any]
_NAMES = ("alert", "alias", "unknown")


def alert_of(integration: Integration, number: int, vendor: Vendor) -> Named:
    """Return {"alert": its number}, {"alias": its key} or {"unknown": why not}.

    A request that still waits is looked into for its key: what is asked now is worked off later.
    """
    event = InboundEvent.objects.filter(integration=integration, pk=number).first()
    if event is None:
        return {"unknown": f"Request {number} does not exist."}
    if event.processed_at is None:
        return _expected(event, vendor)
    outcomes = EventOutcome.objects.filter(event=event, alert__isnull=False).order_by("position")
    alert_id = outcomes.values_list("alert_id", flat=True).first()
    if alert_id is None:
        return {"unknown": f"Request {number} was not about an alert; none like it does exist."}
    return {"alert": alert_id}


def _expected(event: InboundEvent, vendor: Vendor) -> Named:
    address = event.headers.get("address") or {}
    if any(name in address for name in _NAMES):  # a verb that waits: it knows whom it is for
        return {name: address[name] for name in _NAMES if name in address}
    said = payloads.decode(bytes(event.body), event.content_type, event.content_encoding)
    drafts = read(vendor, said.value, own_key=event.own_key or f"event-{event.pk}")
    return {"alias": drafts[0].dedup_key} if drafts else {"unknown": "It opened no alert."}
