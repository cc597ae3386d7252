"""The one statement that reads everything that decides who is on call, for any number of groups.

Each branch answers for all groups at once, one row of JSON per group (or holiday calendar). A
branch per kind of thing, not a subquery per row: a thousand groups cost little more than one.
"""

STATEMENT = """
WITH chosen AS MATERIALIZED (
    SELECT s.id, s.group_id, s.name, s.time_zone, s.is_active FROM schedules_schedule s
    WHERE s.group_id = ANY(%(groups)s::bigint[])
      AND CASE WHEN %(schedule)s::bigint IS NULL THEN s.is_active ELSE s.id = %(schedule)s END
), rotation AS MATERIALIZED (
    SELECT r.*, s.group_id FROM chosen s JOIN schedules_rotation r ON r.schedule_id = s.id
), fixed AS MATERIALIZED (
    SELECT f.*, s.group_id FROM chosen s JOIN schedules_fixedshift f ON f.schedule_id = s.id
    WHERE f.rule <> '' OR (f.ends_on > %(since)s::timestamptz::date - 3
                           AND f.starts_on < %(until)s::timestamptz::date + 3)
), calendar AS MATERIALIZED (
    SELECT c.id, c.name, c.role, c.rank, c.holidays_id, c.on_holidays, s.group_id
    FROM chosen s JOIN schedules_importedcalendar c ON c.schedule_id = s.id AND c.is_enabled
), uses AS MATERIALIZED (
    SELECT group_id, holidays_id AS id FROM rotation WHERE holidays_id IS NOT NULL
    UNION SELECT group_id, holidays_id FROM fixed WHERE holidays_id IS NOT NULL
    UNION SELECT group_id, holidays_id FROM calendar WHERE holidays_id IS NOT NULL
    UNION SELECT group_id, (outgoing->>'holidays')::bigint FROM rotation
          WHERE outgoing->>'holidays' IS NOT NULL AND takes_effect_at > %(since)s
)
SELECT 'group', g.id,
       json_build_array(g.time_zone, s.id, s.name, s.time_zone, s.is_active)::text
FROM groups_group g LEFT JOIN chosen s ON s.group_id = g.id
WHERE g.id = ANY(%(groups)s::bigint[])
UNION ALL
SELECT 'members', m.group_id,
       json_agg(json_build_array(m.user_id, m.is_primary, m.is_secondary, m.is_manager)
                ORDER BY m.sequence, m.id)::text
FROM groups_member m JOIN accounts_user u ON u.id = m.user_id
WHERE m.group_id = ANY(%(groups)s::bigint[])
  AND u.is_active AND NOT u.roles <@ ARRAY['stakeholder']::varchar[]
GROUP BY m.group_id
UNION ALL
SELECT 'rotations', r.group_id,
       json_agg(json_build_array(r.id, r.name, r.starts_on + r.handoff_at, r.ends_on + r.handoff_at,
                                 r.unit, r.count, r.fills, r.rank, r.people_at_once, r.advance,
                                 r.holidays_id, r.on_holidays, r.takes_effect_at,
                                 CASE WHEN r.takes_effect_at > %(since)s THEN r.outgoing END)
                ORDER BY r.rank DESC, r.id)::text
FROM rotation r GROUP BY r.group_id
UNION ALL
SELECT 'places', r.group_id,
       json_agg(json_build_array(l.rotation_id, l.user_id, l.joins_on, l.leaves_on)
                ORDER BY l.position, l.id)::text
FROM rotation r JOIN schedules_rotationmember l ON l.rotation_id = r.id GROUP BY r.group_id
UNION ALL
SELECT 'windows', r.group_id,
       json_agg(json_build_array(w.rotation_id, w.starts_minute, w.ends_minute)
                ORDER BY w.starts_minute)::text
FROM rotation r JOIN schedules_dutywindow w ON w.rotation_id = r.id GROUP BY r.group_id
UNION ALL
SELECT 'fixed', f.group_id,
       json_agg(json_build_array(f.id, f.name, f.starts_on + f.starts_time, f.ends_on + f.ends_time,
                                 f.role, f.rank, f.rule, f.is_nobody, f.holidays_id, f.on_holidays,
           (SELECT json_agg(p.user_id ORDER BY p.position, p.id)
            FROM schedules_fixedshiftperson p WHERE p.shift_id = f.id))
                ORDER BY f.rank DESC, f.id)::text
FROM fixed f GROUP BY f.group_id
UNION ALL
SELECT 'calendars', c.group_id,
       json_agg(json_build_array(c.id, c.name, c.role, c.rank, c.holidays_id, c.on_holidays,
           (SELECT json_build_array(min(e.starts_at), max(e.ends_at))
            FROM schedules_importedevent e WHERE e.calendar_id = c.id),
           (SELECT json_agg(json_build_array(e.starts_at, e.ends_at, e.user_id)
                            ORDER BY e.starts_at, e.id)
            FROM schedules_importedevent e WHERE e.calendar_id = c.id
              AND e.starts_at < %(until)s AND e.ends_at > %(since)s))
                ORDER BY c.rank DESC, c.id)::text
FROM calendar c GROUP BY c.group_id
UNION ALL
SELECT 'uses', u.group_id, json_agg(u.id ORDER BY u.id)::text FROM uses u GROUP BY u.group_id
UNION ALL
SELECT 'holidays', h.calendar_id, json_agg(h.on ORDER BY h.on)::text
FROM schedules_holiday h WHERE h.calendar_id IN (SELECT id FROM uses)
GROUP BY h.calendar_id
UNION ALL
SELECT 'overrides', s.group_id,
       json_agg(json_build_array(o.id, o.role, o.user_id, o.replaces_id, o.starts_at, o.ends_at,
                                 o.kind, o.rotation_id, o.fixed_shift_id, o.calendar_id, o.swap_id,
                                 o.reason)
                ORDER BY o.id)::text
FROM chosen s JOIN schedules_override o ON o.schedule_id = s.id
WHERE o.starts_at < %(until)s AND o.ends_at > %(since)s GROUP BY s.group_id
UNION ALL
SELECT 'temporary', s.group_id,
       json_agg(json_build_array(t.id, t.name, t.starts_at, t.ends_at,
           (SELECT json_agg(json_build_array(p.role, p.user_id, p.starts_at, p.ends_at)
                            ORDER BY p.starts_at, p.id)
            FROM schedules_temporaryshift p WHERE p.temporary_id = t.id)) ORDER BY t.id)::text
FROM chosen s JOIN schedules_temporaryschedule t ON t.schedule_id = s.id
WHERE t.starts_at < %(until)s AND t.ends_at > %(since)s GROUP BY s.group_id
UNION ALL
SELECT 'away', m.group_id,
       json_agg(json_build_array(t.id, t.user_id, t.covered_by_id, t.starts_at, t.ends_at,
                                 t.group_id IS NULL) ORDER BY t.id)::text
FROM schedules_timeoff t
JOIN groups_member m ON m.user_id = t.user_id AND (t.group_id IS NULL OR t.group_id = m.group_id)
WHERE m.group_id = ANY(%(groups)s::bigint[]) AND t.answer <> 'declined'
  AND t.starts_at < %(until)s AND t.ends_at > %(since)s GROUP BY m.group_id
UNION ALL
SELECT 'past', p.group_id,
       json_build_array(p.since, p.until,
           (SELECT json_agg(json_build_array(d.starts_at, d.ends_at, d.user_id, d.role, d.why,
                                             d.source_id, d.turn, d.words) ORDER BY d.id)
            FROM schedules_pastduty d WHERE d.group_id = p.group_id
              AND d.starts_at < %(until)s AND d.ends_at > %(since)s))::text
FROM schedules_settled p
WHERE p.group_id = ANY(%(groups)s::bigint[]) AND p.until > %(since)s AND p.since < %(until)s
"""
