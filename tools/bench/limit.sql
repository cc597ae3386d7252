\set key random(1, 1000000000000)
\set person random(1, 2000)
BEGIN;
INSERT INTO alert (source_id, dedup_key, title) VALUES (:person, 'disk-' || :key::text, 'Disk full on db-1') ON CONFLICT (source_id, dedup_key) WHERE status <> 'resolved' DO UPDATE SET event_count = alert.event_count + 1 RETURNING id AS alert_id \gset
INSERT INTO event (alert_id, body) VALUES (:alert_id, '{"title": "Disk full on db-1", "severity": "critical", "status": "firing", "description": "The volume /var/lib/postgresql is 97 % full and grows by 2 GB an hour.", "link": "https://grafana.example.org/d/disk?var-host=db-1", "labels": {"team": "payments", "region": "eu-west-1", "host": "db-1"}}');
INSERT INTO notification (alert_id, user_id) VALUES (:alert_id, :person);
COMMIT;
