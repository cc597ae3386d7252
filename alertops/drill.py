"""A synthetic alert, end to end: through the inbox, the engine and the outbox to a built-in sink.

The real loops do the work and know nothing of it; only what this measures proves that a page would
leave now. Its few rows live below zero, where no list, count or figure of people's looks, and are
used again every time: an open alert whose severity rises is paged anew. What a drill leaves behind
is deleted when the next one begins, so that nothing grows.
"""

from __future__ import annotations

import time

import orjson
from django.db import connection, transaction

from accounts.channels.sink import Sink
from alertops import clock, doorbell
from alertops.probes import Verdict
from alerts.models import Alert, AlertEvent, Source
from escalation.models import Notification
from groups.models import Group, GroupContactMethod
from integrations.models import InboundEvent, Integration

NAME = "drill"
EVERY = 300.0
PATIENCE = 30.0
"""Seconds after which it has failed."""
ID = -1
_TITLE = "Self-test"
_NAME = "AlertOps self-test (built in)"
_KEY = "drill"
_PAUSES = (0.002, 0.05)

_REST = """
UPDATE alerts_alert SET severity = 'info', status = 'triggered', event_count = 1,
    epoch = epoch + 1, wake = 'start', wake_at = clock_timestamp() + interval '6 days',
    suppressed = false, discard_at = NULL, snoozed_until = NULL, acknowledged_at = NULL,
    acknowledgement_expires = false, resolved_at = NULL
WHERE id = %s
"""
_SEND = """
INSERT INTO integrations_inboundevent (integration_id, body, content_type)
VALUES (%s, %s, 'application/json') RETURNING id
"""
_SEEN = """
SELECT e.processed_at IS NOT NULL, a.wake_at, a.suppressed,
    (SELECT n.state FROM escalation_notification n WHERE n.alert_id = a.id ORDER BY n.id LIMIT 1)
FROM integrations_inboundevent e, alerts_alert a WHERE e.id = %s AND a.id = %s
"""


def run() -> Verdict:
    """Send one through the house; return how long it took, or where it is stuck."""
    _prepare()
    began = time.monotonic()
    event_id = _send()
    stuck = "the event was stored and has vanished"
    pause = _PAUSES[0]
    while (passed := time.monotonic() - began) < PATIENCE:
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, [event_id, ID])
            row = cursor.fetchone()
        if row is not None:
            is_read, _, is_held, state = row
            if state in ("accepted", "delivered"):
                rest()
                return Verdict(True, seconds=round(passed, 4))
            if is_held:
                rest()
                return Verdict(None, "Maintenance holds every alert back.")
            stuck = _stuck(is_read, state)
        time.sleep(pause)
        pause = min(pause * 1.2, _PAUSES[1])
    return Verdict(False, f"A test alert did not arrive in {PATIENCE:.0f} s: {stuck}.")


def _stuck(is_read: bool, state: str | None) -> str:
    if not is_read:
        return "the inbox does not read events"
    return f"its notification is {state}" if state else "the engine does not page"


@transaction.atomic
def _prepare() -> None:
    """The rows of the drill as they are before it, whatever an earlier one left."""
    now = clock.now()
    Source.objects.bulk_create([Source(pk=ID, name=_NAME)], ignore_conflicts=True)
    group = Group(pk=ID, name=_NAME, slug="alertops-self-test--built-in")
    Group.objects.bulk_create([group], ignore_conflicts=True)
    # Were it dead, the fallback would be next: real people.
    if not GroupContactMethod.objects.filter(pk=ID).update(verified_at=now, disabled_at=None):
        GroupContactMethod(
            pk=ID, group=group, kind=Sink.kind, address="sink", verified_at=now
        ).save(force_insert=True)
    if not Integration._base_manager.filter(pk=ID).exists():
        integration = Integration(source_ptr_id=ID, group=group)
        integration.save_base(raw=True, force_insert=True)  # no parent anew, and no key at all
    Alert.objects.bulk_create(
        [
            Alert(
                pk=ID,
                source_id=ID,
                group=group,
                dedup_key=_KEY,
                title=_TITLE,
                opened_at=now,
                last_event_at=now,
                wake_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    rest()


@transaction.atomic
def rest() -> None:
    """Put the drill's alert to rest and delete what the drill left."""
    with connection.cursor() as cursor:
        cursor.execute(_REST, [ID])
    Notification.objects.filter(alert_id=ID).delete()
    AlertEvent.objects.filter(alert_id=ID).delete()
    InboundEvent.objects.filter(integration_id=ID).delete()


def _send() -> int:
    body = orjson.dumps({"title": _TITLE, "severity": "critical", "dedup_key": _KEY})
    with connection.cursor() as cursor:
        cursor.execute(_SEND, [ID, body])
        event_id = int(cursor.fetchone()[0])
    doorbell.ring("inbox")
    return event_id
