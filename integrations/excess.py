"""Which integrations have sent more than they may, lately: the warning on their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Sum

from integrations.models import InboundEvent

LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Excess:
    """How many events were refused in the last day, and when last."""

    refused: int
    last_at: datetime


def of(integration_ids: Sequence[int], now: datetime) -> dict[int, Excess]:
    """Return those over their limit, in one query over the signs that were kept of it."""
    signs = InboundEvent.objects.filter(
        integration__in=integration_ids, refused__gt=0, received_at__gt=now - LATELY
    )
    rows = signs.order_by().values_list("integration").annotate(Sum("refused"), Max("received_at"))
    return {pk: Excess(refused, last_at) for pk, refused, last_at in rows}
