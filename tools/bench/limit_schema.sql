-- What the limit writes: the least a page needs, with the indexes and keys it cannot do without.
DROP TABLE IF EXISTS notification, event, alert;
CREATE TABLE alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id bigint NOT NULL,
    dedup_key text NOT NULL,
    title text NOT NULL,
    status text NOT NULL DEFAULT 'triggered',
    event_count int NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON alert (source_id, dedup_key) WHERE status <> 'resolved';
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alert,
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alert,
    user_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON notification (due_at) WHERE state = 'pending';
