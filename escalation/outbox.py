"""The outbox's SQL: claim with lease and fence, write results, sweep. No I/O but the database.

Every write after a claim names the fence it was claimed with; a sender whose lease was taken over
changes nothing (reliability R6).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from accounts.fields import decrypt
from alertops import prepared
from escalation.states import State


@dataclass(slots=True)
class Claimed:
    """One notification in this sender's hands, with all it needs to be worded and sent."""

    id: int
    key: str
    fence: int
    attempts: int
    token: str
    was_unknown: bool
    widened: bool
    channel: str
    purpose: str
    urgency: str
    user_id: int | None
    contact_method_id: int | None
    group_contact_id: int | None
    address: str
    is_usable: bool
    first_tried_at: datetime
    lease_until: datetime
    alert_id: int
    epoch: int
    title: str
    description: str
    severity: str
    group_id: int | None
    group_name: str
    source_name: str
    opened_at: datetime
    event_count: int
    claimed_at: float = 0.0
    """Monotonic seconds of this host: how much of the lease is left needs no common clock."""
    bundled: int = 0
    """More alerts waiting for the same person than may be sent one by one."""


# Everything a message is worded from, for the notifications `n` and their tokens `t`.
_READ = """
SELECT n.id, n.key, n.fence, n.attempts, t.token, n.was = 'unknown', n.widened, n.channel,
    n.purpose, n.urgency, n.user_id, n.contact_method_id, n.group_contact_id,
    coalesce(m.address, g.address, ''),
    (m.verified_at IS NOT NULL AND m.disabled_at IS NULL AND u.is_active)
        OR (g.id IS NOT NULL AND g.verified_at IS NOT NULL AND g.disabled_at IS NULL),
    n.first_tried_at, n.lease_until, a.id, a.epoch, a.title, a.description, a.severity,
    a.group_id, coalesce(gr.name, ''), coalesce(s.name, ''), a.opened_at, a.event_count
FROM claimed n
JOIN tried t ON t.notification_id = n.id
JOIN alerts_alert a ON a.id = n.alert_id
LEFT JOIN alerts_source s ON s.id = a.source_id
LEFT JOIN groups_group gr ON gr.id = a.group_id
LEFT JOIN accounts_user u ON u.id = n.user_id
LEFT JOIN accounts_contactmethod m ON m.id = n.contact_method_id
LEFT JOIN groups_groupcontactmethod g ON g.id = n.group_contact_id
"""

_READ_ONE = (
    """
    WITH claimed AS (SELECT *, state AS was FROM escalation_notification WHERE id = %s),
    tried AS (SELECT id AS notification_id, %s::text AS token FROM claimed)
    """  # noqa: S608 - both halves are literals of this file
    + _READ.replace("n.first_tried_at, n.lease_until", "n.created_at, n.created_at")
)

# The look at epoch and status is what makes an acknowledgement final: what belongs to an older
# epoch is never claimed. That is a subquery and `leased` takes an array, where joins would do,
# because there is only one way to run them: how many rows `free` lets through no planner knows.
_CLAIM = """
WITH wanted AS (
    SELECT x.id, x.state FROM unnest(%(channels)s::text[], %(free)s::int[]) AS c(channel, free),
    LATERAL (
        SELECT n.id, n.state FROM escalation_notification n
        WHERE n.channel = c.channel AND n.state IN ('pending', 'unknown')
            AND n.due_at <= %(now)s
            AND (SELECT a.epoch = n.epoch AND a.status = 'triggered'
                FROM alerts_alert a WHERE a.id = n.alert_id)
        ORDER BY n.priority, n.due_at LIMIT c.free
        FOR UPDATE SKIP LOCKED
    ) x
), leased AS (
    UPDATE escalation_notification n
    SET state = 'sending', fence = n.fence + 1, attempts = n.attempts + 1,
        lease_until = %(now)s + %(lease)s, first_tried_at = coalesce(n.first_tried_at, %(now)s)
    WHERE n.id = ANY(ARRAY(SELECT id FROM wanted))
    RETURNING n.*
), claimed AS (
    SELECT leased.*, wanted.state AS was FROM leased JOIN wanted USING (id)
), tried AS (
    INSERT INTO escalation_attempt (notification_id, number, token, started_at, outcome,
        provider_id, detail)
    SELECT id, attempts, replace(gen_random_uuid()::text, '-', ''), %(now)s, '', '', ''
    FROM claimed RETURNING notification_id, token
)
{read}ORDER BY n.priority, n.due_at
""".replace("{read}", _READ)


def lease() -> timedelta:
    """How long a claim holds. Longer than a send may take (10 s), so nobody sends it twice."""
    return timedelta(seconds=settings.ESCALATION_LEASE_SECONDS)


def hold() -> timedelta:
    """How long an unclear send rests before the provider is asked about it."""
    return timedelta(seconds=settings.ESCALATION_HOLD_SECONDS)


def claim(now: datetime, free: Mapping[str, int]) -> list[Claimed]:
    """Lease due notifications of channels with free senders, and journal the attempts.

    Committed before any I/O: a crash from here on leaves proof that a message may have left.
    """
    params: dict[str, Any] = {
        "channels": list(free),
        "free": list(free.values()),
        "now": now,
        "lease": lease(),
    }
    began = time.monotonic()
    with transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute(_CLAIM, params)
        rows = [Claimed(*row) for row in cursor.fetchall()]
    for row in rows:
        row.claimed_at = began
        row.address = decrypt(row.address) if row.address else ""
    return rows


def read(notification_id: int, token: str) -> Claimed | None:
    """Read one notification as if it had been claimed, to word it once more. Changes nothing."""
    with prepared.cursor() as cursor:
        cursor.execute(_READ_ONE, [notification_id, token])
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def still_wanted(claimed: Claimed) -> bool:
    """Ask once more, right before sending: still ours, still triggered, same epoch?"""
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT 1 FROM escalation_notification n
            JOIN alerts_alert a ON a.id = n.alert_id AND a.epoch = n.epoch
                AND a.status = 'triggered'
            WHERE n.id = %s AND n.fence = %s AND n.state = 'sending'
            """,
            [claimed.id, claimed.fence],
        )
        return cursor.fetchone() is not None


def renew(claimed: Claimed, held: timedelta) -> None:
    """Hold it as long again, from now on, if nobody has taken it over. `held`: since the claim."""
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE escalation_notification SET lease_until = %s"
            " WHERE id = %s AND fence = %s AND state = 'sending'",
            [claimed.lease_until + held, claimed.id, claimed.fence],
        )


def other_channels(claimed: Claimed) -> list[str]:
    """Channels of the person's other usable contact methods."""
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT kind FROM accounts_contactmethod
            WHERE user_id = %s AND id IS DISTINCT FROM %s
                AND verified_at IS NOT NULL AND disabled_at IS NULL
            """,
            [claimed.user_id, claimed.contact_method_id],
        )
        return [row[0] for row in cursor.fetchall()]


@dataclass(slots=True)
class Result:
    """What became of one attempt. `outcome` is the attempt's, `state` the notification's."""

    id: int
    fence: int
    number: int
    at: datetime
    state: State
    outcome: str
    due_at: datetime | None = None
    provider_id: str = ""
    proof_due_at: datetime | None = None
    error: str = ""
    is_local: bool = False
    widened: bool = False


_WRITE = """
WITH r AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, fence int, number int,
        at timestamptz, state text, outcome text, due_at timestamptz, provider_id text,
        proof_due_at timestamptz, error text, is_local boolean, widened boolean)
), journal AS (
    UPDATE escalation_attempt t
    SET outcome = r.outcome, ended_at = r.at, provider_id = r.provider_id, detail = r.error
    FROM r WHERE t.notification_id = r.id AND t.number = r.number
)
UPDATE escalation_notification n
SET state = CASE WHEN r.state NOT IN ('accepted', 'unknown', 'pending') THEN r.state
        WHEN n.delivered_at IS NOT NULL THEN 'delivered'
        WHEN n.provider_id <> '' THEN 'accepted' ELSE r.state END,
    due_at = coalesce(r.due_at, n.due_at), error = r.error,
    provider_id = CASE WHEN r.provider_id <> '' THEN r.provider_id ELSE n.provider_id END,
    accepted_at = CASE WHEN r.state IN ('accepted', 'delivered')
            OR r.state IN ('unknown', 'pending') AND n.provider_id <> ''
        THEN coalesce(n.accepted_at, r.at) ELSE n.accepted_at END,
    delivered_at = CASE WHEN r.state = 'delivered' THEN coalesce(n.delivered_at, r.at)
        ELSE n.delivered_at END,
    proof_due_at = CASE WHEN r.proof_due_at IS NOT NULL THEN least(r.proof_due_at, n.proof_due_at)
        WHEN r.state IN ('unknown', 'pending') AND n.provider_id <> '' AND n.delivered_at IS NULL
        THEN coalesce(n.proof_due_at, r.at + %s) END,
    lease_until = NULL, is_local = r.is_local, widened = n.widened OR r.widened,
    ended_at = CASE WHEN r.state IN ('failed', 'cancelled') THEN r.at ELSE n.ended_at END
FROM r WHERE n.id = r.id AND n.fence = r.fence AND n.state = 'sending'
RETURNING n.id, n.state
"""


def write(results: Sequence[Result]) -> dict[int, State]:
    """Store results in the caller's transaction; return the states of those whose lease was still
    ours. What its provider has reported about meanwhile has left, whatever became of the answer.
    """
    values: list[Any] = [orjson.dumps(results).decode(), hold()]
    with prepared.cursor() as cursor:
        cursor.execute(_WRITE, values)
        return {row[0]: State(row[1]) for row in cursor.fetchall()}


def release(claimed: Sequence[tuple[Claimed, datetime]]) -> None:
    """Put claims back untouched until later: nothing was sent, so no attempt is counted.

    What was unclear stays so: an earlier attempt is still to be looked up.
    """
    rows = [
        {
            "id": one.id,
            "fence": one.fence,
            "due_at": due,
            "state": State.UNKNOWN if one.was_unknown else State.PENDING,
        }
        for one, due in claimed
    ]
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE escalation_notification n
            SET state = r.state, due_at = r.due_at, lease_until = NULL,
                attempts = n.attempts - 1
            FROM jsonb_to_recordset(%s::jsonb)
                AS r(id bigint, fence int, due_at timestamptz, state text)
            WHERE n.id = r.id AND n.fence = r.fence AND n.state = 'sending'
            """,
            [orjson.dumps(rows).decode()],
        )
        cursor.execute(
            "DELETE FROM escalation_attempt WHERE (notification_id, number) IN"
            " (SELECT * FROM unnest(%s::bigint[], %s::int[]))",
            [[one.id for one, _ in claimed], [one.attempts for one, _ in claimed]],
        )


def give_back_expired_leases(now: datetime) -> int:
    """A sender died holding these: they may have left, so they are looked up before re-sending.

    One the provider has reported about meanwhile has left: it is not sent again.
    """
    values: dict[str, Any] = {"now": now, "hold": hold()}
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE escalation_notification
            SET state = CASE WHEN provider_id = '' THEN 'unknown'
                    WHEN delivered_at IS NULL THEN 'accepted' ELSE 'delivered' END,
                accepted_at = CASE WHEN provider_id = '' THEN accepted_at
                    ELSE coalesce(accepted_at, first_tried_at, %(now)s) END,
                proof_due_at = CASE WHEN provider_id <> '' AND delivered_at IS NULL
                    THEN coalesce(proof_due_at, %(now)s + %(hold)s) END,
                due_at = %(now)s, lease_until = NULL, fence = fence + 1
            WHERE id = ANY(ARRAY(SELECT id FROM escalation_notification
                WHERE state = 'sending' AND lease_until < %(now)s FOR UPDATE SKIP LOCKED))
            """,
            values,
        )
        return int(cursor.rowcount)


def cancel_stale(now: datetime, most: int = 500) -> list[tuple[int, int]]:
    """Cancel what is due but belongs to an epoch that is over; (alert, count) of each."""
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                UPDATE escalation_notification
                SET state = 'cancelled', ended_at = %s, lease_until = NULL
                WHERE id = ANY(ARRAY(
                    SELECT n.id FROM escalation_notification n
                    WHERE n.state IN ('pending', 'unknown') AND n.due_at <= %s
                        AND (SELECT a.epoch <> n.epoch OR a.status <> 'triggered'
                            FROM alerts_alert a WHERE a.id = n.alert_id)
                    LIMIT %s FOR UPDATE SKIP LOCKED))
                RETURNING alert_id)
            SELECT alert_id, count(*) FROM gone GROUP BY alert_id
            """,
            [now, now, most],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]
