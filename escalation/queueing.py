"""Writes what a step of an escalation comes to: its pages, and where it stands. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from alertops import prepared
from escalation.decide import Standing

EXPIRY = timedelta(hours=1)
# json, not jsonb: it is read once. Times are reckoned here, for taking them out of JSON costs as
# much as the rest.
_QUEUE = """
INSERT INTO escalation_notification (key, alert_id, epoch, purpose, user_id, contact_method_id,
    group_contact_id, channel, round, level, urgency, priority, state, created_at, due_at,
    expires_at, fence, attempts, provider_id, provider_rank, error, is_local,
    widened)
SELECT key, alert_id, epoch, purpose, user_id, contact_method_id, group_contact_id, channel,
    round, level, urgency, CASE urgency WHEN 'high' THEN 0 ELSE 1 END, 'pending', now,
    now + delay * interval '1 second', now + delay * interval '1 second' + expiry, 0, 0, '', 0, '',
    false, false
FROM json_to_recordset(%s::json) AS n(key text, alert_id bigint, epoch int, purpose text,
    user_id bigint, contact_method_id bigint, group_contact_id bigint, channel text, round int,
    level int, urgency text, delay int),
    (SELECT %s::timestamptz AS now, %s::interval AS expiry) AS t
ON CONFLICT (key) DO NOTHING
"""
_BEGIN = """
INSERT INTO escalation_escalation (alert_id, version_id, chosen_by, round, level, member, send,
    told, fired, started_at, exhausted_at)
SELECT * FROM json_to_recordset(%s::json) AS e(alert_id bigint, version_id bigint,
    chosen_by text, round int, level int, member int, send int, told bigint[], fired int,
    started_at timestamptz, exhausted_at timestamptz)
ON CONFLICT (alert_id) DO UPDATE SET version_id = excluded.version_id,
    chosen_by = excluded.chosen_by, round = excluded.round, level = excluded.level,
    member = excluded.member, send = excluded.send, told = excluded.told, fired = excluded.fired,
    started_at = excluded.started_at, exhausted_at = excluded.exhausted_at
"""
_MOVE = """
UPDATE escalation_escalation e SET round = m.round, level = m.level, member = m.member,
    send = m.send, told = m.told, fired = m.fired, exhausted_at = m.exhausted_at
FROM json_to_recordset(%s::json) AS m(alert_id bigint, round int, level int, member int, send int,
    told bigint[], fired int, exhausted_at timestamptz)
WHERE e.alert_id = m.alert_id
"""


def queue(rows: Sequence[dict[str, object]], now: datetime) -> None:
    """Put notifications into the outbox, due `delay` seconds from now; one that is already there
    is left alone."""
    values: list[Any] = [orjson.dumps(rows).decode(), now, EXPIRY]
    if rows:
        with prepared.cursor() as cursor:
            cursor.execute(_QUEUE, values)


def stand(standings: Sequence[tuple[int, Standing]]) -> None:
    """Remember where escalations stand: those that begin, and those that have moved on."""
    begun: list[dict[str, object]] = []
    moved: list[dict[str, object]] = []
    for alert_id, standing in standings:
        at = standing.position
        row: dict[str, object] = {
            "alert_id": alert_id,
            "round": at.round,
            "level": at.level,
            "member": at.member,
            "send": at.send,
            "told": at.told,
            "fired": standing.fired,
            "exhausted_at": standing.exhausted_at,
        }
        if standing.is_new:
            row["version_id"], row["chosen_by"] = standing.version_id, standing.chosen_by
            row["started_at"] = standing.started_at
            begun.append(row)
        else:
            moved.append(row)
    with prepared.cursor() as cursor:
        for statement, rows in ((_BEGIN, begun), (_MOVE, moved)):
            if rows:
                cursor.execute(statement, [orjson.dumps(rows).decode()])
