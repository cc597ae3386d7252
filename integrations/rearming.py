"""Heartbeats whose alert maintenance has closed: nothing would ever be heard of them again."""

from collections.abc import Sequence
from datetime import datetime

from alerts.models import Alert
from integrations.models import Heartbeat
from integrations.states import Pulse


def rearm(alert_ids: Sequence[int], now: datetime) -> None:
    """Count these as heard now: who is still dead after another round is late again, and pages.

    Call it in the transaction that closes the alerts. One that is being pinged right now lives.
    """
    rows = Heartbeat.objects.select_for_update(of=("self",), skip_locked=True)
    sources = Alert.objects.filter(pk__in=alert_ids).values("source")
    for beat in rows.filter(state=Pulse.DOWN, pk__in=sources):
        beat.state, beat.changed_at, beat.due_at = Pulse.UP, now, beat.rhythm.deadline(now)
        beat.save(update_fields=["state", "changed_at", "due_at"])
