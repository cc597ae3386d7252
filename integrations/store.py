"""Puts an event into the inbox: one prepared statement on a pool of its own, committed at once.

Apart from Django's connections, because the statement is prepared once per connection and nothing
else may ever hold the door shut. In a test that runs inside a transaction, the same statement runs
in that transaction.
"""

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.db import connection
from psycopg_pool import ConnectionPool, PoolTimeout

from alertops import clock, doorbell
from integrations.keys import key_hash
from integrations.limits import Buckets

logger = logging.getLogger(__name__)

WAIT = 2.0
"""Seconds to wait for a connection before the sender is asked to come back."""
KEPT = 64 * 1024
"""Bytes kept of a body that is too large."""

_STORE = """
WITH i AS (
    SELECT i.source_ptr_id, i.rate_per_minute, i.burst, i.kind, k.id AS key_id
    FROM integrations_key k JOIN integrations_integration i ON i.source_ptr_id = k.integration_id
    WHERE k.digest = %s AND k.standing <> 'void' AND i.is_active
        AND (k.valid_until IS NULL OR k.valid_until > %s)
), e AS (
    INSERT INTO integrations_inboundevent (integration_id, key_id, body, content_type,
        content_encoding, headers, query, remote, dialect, own_key, oversized, refused)
    SELECT source_ptr_id, key_id, %b, %s, %s, %s::jsonb, %s, %s, %s, %s, %b, %b::int4 FROM i
    RETURNING id
)
SELECT e.id, i.source_ptr_id, i.rate_per_minute, i.burst, i.kind FROM e, i
"""


_KNOWS = """
SELECT 1 FROM integrations_key k
JOIN integrations_integration i ON i.source_ptr_id = k.integration_id
WHERE k.digest = %s AND k.standing <> 'void' AND i.is_active
    AND (k.valid_until IS NULL OR k.valid_until > %s)
"""


_MORE = """
UPDATE integrations_inboundevent e SET refused = e.refused + more.refused
FROM unnest(%s::bigint[], %s::int[]) AS more(id, refused) WHERE e.id = more.id RETURNING e.id
"""


class Unavailable(Exception):
    """The database cannot take events now: the sender must try again."""


class TooMany(Exception):
    """The integration sends more than it may. `wait` seconds from now it may again."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(slots=True)
class Parcel:
    """One event as it came in."""

    key_hash: str
    body: bytes
    content_type: str = ""
    content_encoding: str = ""
    headers: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    remote: str = ""
    dialect: str = ""
    own_key: str = ""
    oversized: bool = False
    at: datetime = field(default_factory=clock.now)
    """When it came: whether its key is still good is asked of this instant."""
    kind: str = ""
    """Of the integration that has the key: known when it is stored."""


_buckets = Buckets()


def store(parcel: Parcel) -> int | None:
    """Keep an event for good and return its number; None where no integration has the key.

    Raises TooMany over the limit (the first event of a storm is kept as its sign, and another each
    minute) and Unavailable when the database cannot be reached.
    """
    at = time.monotonic()
    wait, refused = _buckets.ask(parcel.key_hash, at)
    if refused:
        _tell(parcel, refused)
    if wait:
        raise TooMany(wait)
    row = _keep(parcel, 0)
    if row is None:
        _buckets.forget(parcel.key_hash)  # a void key must not use up what the valid one may send
        return None
    _buckets.learn(parcel.key_hash, row[1], row[2], row[3], settings.WEB_WORKERS, at)
    parcel.kind = row[4]
    return int(row[0])


def turn_away(key: str) -> int:
    """Refuse an event of an integration that has been told so already, as cheaply as can be: a
    flood must not take from the others what its refusals cost. Returns the seconds it must wait,
    or 0 where `store` is to be asked."""
    return _buckets.turn_away(key_hash(key), time.monotonic())


def count_refusals() -> None:
    """Add to the signs what was refused since, where anything was. Call it every few seconds: the
    page of an integration says how much it has lost. Raises Unavailable, and loses no count."""
    if rest := _buckets.rest():
        try:
            _execute(_MORE, ([one.sign for one in rest], [one.refused for one in rest]))
        except BaseException:
            _buckets.give_back(rest)
            raise


def _tell(parcel: Parcel, refused: int) -> None:
    try:
        row = _keep(parcel, refused)
    except Unavailable:
        _buckets.untold(parcel.key_hash, refused)
        raise
    if row is not None:
        _buckets.told(parcel.key_hash, int(row[0]))


def knows(key: str, at: datetime) -> bool:
    """Whether an active integration has this key. Raises Unavailable."""
    return _execute(_KNOWS, (key_hash(key), at)) is not None


def _keep(parcel: Parcel, refused: int) -> tuple[Any, ...] | None:
    row = _execute(
        _STORE,
        (
            parcel.key_hash,
            parcel.at,
            parcel.body[:KEPT] if parcel.oversized else parcel.body,
            _short(parcel.content_type, 200),
            _short(parcel.content_encoding, 40),
            orjson.dumps(parcel.headers).decode(),
            _short(parcel.query, 2048),
            _short(parcel.remote, 64),
            parcel.dialect,
            parcel.own_key,
            parcel.oversized,
            refused,
        ),
    )
    if row is not None:
        doorbell.ring("inbox")
    return row


def _short(text: str, limit: int) -> str:
    """Headers are hostile too: nothing PostgreSQL refuses, nothing longer than its column."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    printable = (sign if sign.isprintable() else "?" for sign in text[:limit])
    return "".join(printable).encode("utf-8", "replace").decode()[:limit]


def _execute(statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    pool = _pool()
    try:
        return _once(pool, statement, values)
    except psycopg.OperationalError:
        # The database has restarted and every idle connection is dead: throw them away and try
        # again once. Storing an event twice is harmless: the second is appended.
        pool.check()
    except psycopg.InternalError:
        # It has become a reader, after a failover: a connection made anew may find the writer.
        pool.drain()
    except PoolTimeout:
        raise Unavailable from None
    try:
        return _once(pool, statement, values)
    except (psycopg.OperationalError, psycopg.InternalError, PoolTimeout) as error:
        logger.warning("An event could not be stored: %s", type(error).__name__)
        raise Unavailable from None


def _once(
    pool: ConnectionPool[Any], statement: str, values: tuple[Any, ...]
) -> tuple[Any, ...] | None:
    with pool.connection() as conn:
        row: tuple[Any, ...] | None = conn.execute(statement, values).fetchone()
        return row


_pools: dict[int, ConnectionPool[Any]] = {}
_guard = threading.Lock()


def _pool() -> ConnectionPool[Any]:
    """The pool of this process, opened when it is first needed; a forked child gets its own."""
    pool = _pools.get(os.getpid())
    if pool is None:
        with _guard:
            pool = _pools.get(os.getpid()) or _open()
    return pool


def _open() -> ConnectionPool[Any]:
    params = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        params.pop(ours, None)
    pool = ConnectionPool(
        kwargs={
            **params,
            "autocommit": True,
            "prepare_threshold": 0,
            "options": f"{params.get('options', '')} -c statement_timeout=5000".strip(),
        },
        min_size=1,
        max_size=settings.WEB_THREADS,
        timeout=WAIT,
        max_idle=600,
        reconnect_timeout=2,  # then the next request tries at once, not a backing-off thread
        open=True,
        name="ingest",
    )
    _pools.clear()  # those of the parent are not ours to use
    _pools[os.getpid()] = pool
    return pool


def close() -> None:
    """Let go of the connections (tests)."""
    for pool in _pools.values():
        pool.close()
    _pools.clear()


def forget_limits() -> None:
    """Start with full buckets (tests)."""
    global _buckets
    _buckets = Buckets()
