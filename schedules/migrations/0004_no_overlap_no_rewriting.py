"""What a constraint of Django's cannot say: no two at once, and the past is never rewritten.

Each scope (a schedule; a person and a group) has a number line of its own, far from the next one,
and lies on it by its seconds: so two stretches meet only within a scope, without an extension.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE schedules_temporaryschedule ADD CONSTRAINT temporary_one_at_a_time EXCLUDE USING gist (
    numrange(schedule_id * 1e12 + extract(epoch FROM starts_at AT TIME ZONE 'UTC'),
             schedule_id * 1e12 + extract(epoch FROM ends_at AT TIME ZONE 'UTC')) WITH &&
);
ALTER TABLE schedules_timeoff ADD CONSTRAINT time_off_one_at_a_time EXCLUDE USING gist (
    numrange((user_id * 1e20 + coalesce(group_id, 0)) * 1e12
                 + extract(epoch FROM starts_at AT TIME ZONE 'UTC'),
             (user_id * 1e20 + coalesce(group_id, 0)) * 1e12
                 + extract(epoch FROM ends_at AT TIME ZONE 'UTC')) WITH &&
) WHERE (answer <> 'declined');

CREATE FUNCTION schedules_past_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The past is a record; it is not changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER past_is_kept BEFORE UPDATE ON schedules_pastduty
    FOR EACH ROW EXECUTE FUNCTION schedules_past_is_kept();

CREATE FUNCTION schedules_settled_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.until < OLD.until OR NEW.since <> OLD.since THEN
        RAISE EXCEPTION 'The record of the past only grows.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settled_grows BEFORE UPDATE ON schedules_settled
    FOR EACH ROW EXECUTE FUNCTION schedules_settled_grows();
"""
BACKWARD = """
DROP TRIGGER settled_grows ON schedules_settled;
DROP FUNCTION schedules_settled_grows();
DROP TRIGGER past_is_kept ON schedules_pastduty;
DROP FUNCTION schedules_past_is_kept();
ALTER TABLE schedules_timeoff DROP CONSTRAINT time_off_one_at_a_time;
ALTER TABLE schedules_temporaryschedule DROP CONSTRAINT temporary_one_at_a_time;
"""


class Migration(migrations.Migration):
    dependencies = [("schedules", "0003_the_whole_model")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
