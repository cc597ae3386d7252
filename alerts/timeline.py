"""Writing facts on alerts' timelines: one statement, however many facts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from alertops import prepared
from alerts.states import Kind

_INSERT = """
INSERT INTO alerts_alertevent (alert_id, kind, at, actor_id, data)
SELECT alert_id, kind, at, actor_id, data
FROM jsonb_to_recordset(%s::jsonb)
  AS fact(alert_id bigint, kind text, at timestamptz, actor_id bigint, data jsonb)
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that became true of one alert. `data` is small JSON; no prose."""

    alert_id: int
    kind: Kind
    at: datetime
    actor_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


def record(facts: Iterable[Fact]) -> None:
    """Append facts in the caller's transaction, in the order given."""
    rows = [
        {
            "alert_id": fact.alert_id,
            "kind": fact.kind.value,
            "at": fact.at,
            "actor_id": fact.actor_id,
            "data": fact.data,
        }
        for fact in facts
    ]
    if rows:
        with prepared.cursor() as cursor:
            cursor.execute(_INSERT, [orjson.dumps(rows).decode()])
