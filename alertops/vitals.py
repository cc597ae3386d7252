"""What must never be true, asked of the rows: the watchdog's checks W1 to W8.

Every question is answered by an index within milliseconds, however many alerts there are. A first
finding is repaired by ringing the loops; one that stays is told to the operators, past the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from alertops import doorbell, identity, operators

EVERY = 15.0
TELL_AGAIN = 40
"""Rounds (10 minutes) before the same finding is told again."""


@dataclass(frozen=True)
class Question:
    """A count that must be 0. `ring` is the loop that can mend it; told where it has a sentence."""

    name: str
    sentence: str
    sql: str
    ring: str = ""


QUESTIONS = (
    Question(
        "overdue_alerts",
        "alerts wait for the engine for more than a minute",
        "SELECT count(*) FROM (SELECT 1 FROM alerts_alert"
        " WHERE wake_at < now() - interval '60 s' LIMIT 1000) x",
        "tick",
    ),
    Question(
        "unsent_notifications",
        "notifications wait to be sent for more than a minute",
        "SELECT count(*) FROM (SELECT 1 FROM escalation_notification n"
        " WHERE n.state IN ('pending', 'unknown')"
        " AND n.due_at < now() - interval '60 s' LIMIT 1000) x",
        "outbox",
    ),
    Question(  # each try is due a little later than the last: only the first tells how long it is
        "unlucky_notifications",
        "notifications have been tried for more than a minute and have not left",
        "SELECT count(*) FROM (SELECT n.id, n.alert_id, n.epoch FROM escalation_notification n"
        " WHERE n.state IN ('pending', 'unknown') AND n.attempts > 0"
        " AND n.first_tried_at < now() - interval '60 s'"
        " UNION ALL SELECT n.id, n.alert_id, n.epoch FROM escalation_notification n"
        " WHERE n.state = 'sending' AND n.first_tried_at < now() - interval '60 s'"
        " LIMIT 1000) n WHERE (SELECT a.epoch = n.epoch AND a.status = 'triggered'"
        " FROM alerts_alert a WHERE a.id = n.alert_id)",
        "outbox",
    ),
    Question(
        "unprocessed_events",
        "events wait in the inbox for more than half a minute",
        "SELECT count(*) FROM (SELECT 1 FROM integrations_inboundevent"
        " WHERE processed_at IS NULL"
        " AND received_at < now() - interval '30 s' LIMIT 1000) x",
        "inbox",
    ),
    Question(
        "unheard_heartbeats",
        "heartbeats are late for more than a minute and nobody was told",
        "SELECT count(*) FROM (SELECT 1 FROM integrations_heartbeat"
        " WHERE due_at < now() - interval '60 s' LIMIT 1000) x",
        "inbox",
    ),
    Question(
        "open_circuits",
        "providers do not answer",
        "SELECT count(*) FROM escalation_circuit WHERE open_until > now()",
    ),
    Question(
        "silent_loops",
        "loops show no sign of life",
        "SELECT count(*) FROM alertops_loopbeat WHERE name IN ('inbox', 'tick', 'outbox')"
        " AND beat_at < now() - interval '10 s'",
    ),
    Question(  # told by `probes`, which know why; here it only keeps the dead-man address silent
        "failed_drills",
        "",
        "SELECT count(*) FROM alertops_probe WHERE name = 'drill' AND failures > 1"
        " AND checked_at > now() - interval '1 hour'",
    ),
)


class Examiner:
    """Remembers what it found last time, so that what mends itself is not told."""

    def __init__(self) -> None:
        self._standing: dict[str, int] = {}

    def examine(self) -> dict[str, int]:
        """Ask everything once; return the findings. Pings the dead-man address when all is well."""
        if reason := identity.held():
            self._tell_now_and_then("held", reason)
            return {"held": 1}
        found = {question.name: count for question in QUESTIONS if (count := _ask(question))}
        for question in QUESTIONS:
            count = found.get(question.name, 0)
            if count and question.ring:
                doorbell.ring(question.ring)
            is_told = bool(count and question.sentence)
            self._tell_now_and_then(
                question.name, f"AlertOps: {count} {question.sentence}." if is_told else ""
            )
        if not found:
            operators.in_background(_ping)
        return found

    def _tell_now_and_then(self, name: str, sentence: str) -> None:
        """Tell what is found for the second time in a row, and again every TELL_AGAIN rounds."""
        rounds = self._standing.get(name, 0) + 1 if sentence else 0
        self._standing[name] = rounds
        if rounds >= 2 and (rounds - 2) % TELL_AGAIN == 0:
            operators.tell(sentence)


def _ask(question: Question) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question.sql)
        return int(cursor.fetchone()[0])


def _ping() -> None:
    if settings.DEAD_MAN_URL:
        operators.post(settings.DEAD_MAN_URL, {"status": "ok"})
