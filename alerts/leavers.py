"""Alerts in the hands of people who have left: nobody works on them, so they are paged anew."""

from contextlib import suppress
from datetime import datetime

from django.db.models import Q

from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Status, Verb

MOST = 200
"""As many in one look; the next one comes a minute later."""


def give_back(now: datetime) -> int:
    """Take their acknowledgements back, as if they had done so themselves. Returns how many.

    What follows another goes with that one, unless that is kept quiet: taken by itself it would
    page a second time.
    """
    held = Alert.objects.filter(status=Status.ACKNOWLEDGED, acknowledged_by__is_active=False)
    alone = Q(parent=None) | Q(parent__status=Status.RESOLVED) | Q(parent__suppressed=True)
    held = held.filter(alone)
    count = 0
    for pk, epoch in held.order_by("pk").values_list("pk", "epoch")[:MOST]:
        with suppress(actions.NotAllowed, Alert.DoesNotExist):  # somebody was faster
            move = Move(None, now, via=actions.LEFT, epoch=epoch)
            actions.apply(Verb.UNACKNOWLEDGE, pk, move)
            count += 1
    return count
