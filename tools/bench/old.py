"""A year of history: old resolved alerts with their events, stories, notifications, attempts."""

from tools.bench.place import Place

# Without triggers: the rows are right, and checking a million of them proves nothing.
_FILL = (
    """
INSERT INTO alerts_alert (source_id, dedup_key, title, description, severity, status, group_id,
    tags, links, details, event_count, opened_at, last_event_at, acknowledged_at, resolved_at,
    acknowledgement_expires, suppressed, wake_at, wake, epoch)
SELECT s.ids[1 + n % cardinality(s.ids)], 'old-' || n, 'Disk full on db-' || n,
    'The volume /var/lib/postgresql is 97 % full.', 'critical', 'resolved',
    g.ids[1 + n % cardinality(g.ids)], '{}', '[]', '{"labels": {"team": "payments"}}', 1, at, at,
    at + interval '3 min', at + interval '9 min', false, false, NULL, 'acknowledged', 3
FROM (SELECT n, now() - interval '1 day' - n * interval '30 s' AS at
      FROM generate_series(1, {count}) AS n) AS old,
    (SELECT array_agg(source_ptr_id) AS ids FROM integrations_integration) AS s,
    (SELECT array_agg(id) AS ids FROM groups_group) AS g
""",
    """
INSERT INTO integrations_inboundevent (integration_id, received_at, body, content_type, headers,
    remote, processed_at, outcome)
SELECT source_id, opened_at, convert_to(rpad('{"title": "' || title || '"}', 350), 'UTF8'),
    'application/json', '{}', '10.0.0.7', opened_at, 'created'
FROM alerts_alert WHERE dedup_key LIKE 'old-%'
""",
    """
INSERT INTO integrations_eventoutcome (event_id, position, dedup_key, outcome, alert_id, routed_by)
SELECT e.id, 0, a.dedup_key, 'created', a.id, 'integration'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM integrations_inboundevent) AS e
JOIN (SELECT id, dedup_key, row_number() OVER (ORDER BY id) AS n FROM alerts_alert) AS a USING (n)
""",
    """
INSERT INTO alerts_alertevent (alert_id, kind, at, data)
SELECT id, kind, opened_at, '{"via": "source"}'
FROM alerts_alert, unnest(ARRAY['opened', 'escalation_started', 'level_started', 'paged',
    'acknowledged', 'resolved']) AS kind
WHERE dedup_key LIKE 'old-%'
""",
    """
INSERT INTO escalation_escalation (alert_id, version_id, chosen_by, round, level, member, send,
    fired, started_at)
SELECT a.id, v.id, 'group', 0, 1, 0, 0, 1, a.opened_at
FROM alerts_alert a, (SELECT min(id) AS id FROM escalation_policyversion) AS v
WHERE dedup_key LIKE 'old-%'
""",
    """
INSERT INTO escalation_notification (key, alert_id, epoch, purpose, user_id, contact_method_id,
    channel, round, level, urgency, priority, state, created_at, due_at, expires_at, fence,
    widened, attempts, first_tried_at, provider_id, provider_rank, accepted_at, delivered_at,
    error, is_local)
SELECT a.id || '.1.0.u1.0', a.id, 1, 'page', m.users[1 + a.id % cardinality(m.users)],
    m.ids[1 + a.id % cardinality(m.ids)], 'sms', 0, 0, 'high', 0, 'delivered', opened_at,
    opened_at, opened_at + interval '1 h', 1, false, 1, opened_at, 'SM' || md5(a.id::text), 4,
    opened_at, opened_at, '', false
FROM alerts_alert a, (SELECT array_agg(id ORDER BY id) AS ids,
    array_agg(user_id ORDER BY id) AS users FROM accounts_contactmethod) AS m
WHERE dedup_key LIKE 'old-%'
""",
    """
INSERT INTO escalation_attempt (notification_id, number, token, started_at, ended_at, outcome,
    provider_id, detail)
SELECT id, 1, md5(id::text), created_at, created_at, 'accepted', provider_id, ''
FROM escalation_notification
""",
)


def fill(place: Place, count: int) -> None:
    """Write `count` old alerts into empty tables; from now on they stay."""
    place.clear()
    place.sql("SET session_replication_role = replica")
    for statement in _FILL:
        place.sql(statement.replace("{count}", str(count)))
    place.sql("SET session_replication_role = origin")
    place.sql("VACUUM ANALYZE")
    place.aged = True
    stored = place.one("SELECT count(*) FROM escalation_notification")
    if stored != count:
        raise RuntimeError(f"{count} old alerts were to be written, {stored} have notifications.")
