"""Reading an event again: what it would say today. Changes nothing."""

from collections.abc import Sequence

from alertops import prepared
from integrations import payloads, reading
from integrations.addresses import Addressee, addressees
from integrations.asks import Ask
from integrations.dropins.contract import Remark
from integrations.mapping import Draft
from integrations.reading import Event

_FIRST = """
SELECT DISTINCT ON (o.alert_id) o.alert_id, o.dedup_key, e.id, e.integration_id, e.body,
    e.content_type, e.content_encoding, e.dialect, e.own_key, e.oversized, e.refused, e.attempts,
    e.key_id, e.received_at, e.headers -> 'address'
FROM integrations_eventoutcome o JOIN integrations_inboundevent e ON e.id = o.event_id
WHERE o.alert_id = ANY(%s::bigint[])
ORDER BY o.alert_id, o.id
"""


def drafts_of(alert_ids: Sequence[int]) -> dict[int, tuple[Draft, str]]:
    """Return what the first event of each alert said, and how severe; what cannot be read, not."""
    with prepared.cursor() as cursor:
        cursor.execute(_FIRST, [list(alert_ids)])
        rows = [
            (row[0], row[1], Event(row[2], row[3], bytes(row[4]), *row[5:]))
            for row in cursor.fetchall()
        ]
    known = addressees({event.integration_id for _, _, event in rows})
    found = {}
    for alert_id, dedup_key, event in rows:
        addressee = known[event.integration_id]
        for draft in drafts_in(event, addressee):
            if draft.dedup_key == dedup_key:
                found[alert_id] = draft, draft.severity or addressee.default.severity
                break
    return found


def drafts_in(event: Event, addressee: Addressee) -> list[Draft]:
    """Return what an event says; nothing where it cannot be read as data, or asks for a verb."""
    decoded = payloads.decode(event.body, event.content_type, event.content_encoding)
    if decoded.problem or event.oversized or event.refused:
        return []
    said, vendor = reading.content(event, decoded, addressee)
    if isinstance(said, Remark | Ask):
        return []
    return reading.drafts(event, said, vendor, addressee)
