import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0003_held_back_indexes'),
        ('groups', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='bundle',
            field=models.CharField(blank=True, db_default='', max_length=64),
        ),
        migrations.AddField(
            model_name='alert',
            name='parent',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='alerts.alert'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='wake',
            field=models.CharField(choices=[('start', 'Start the policy from its first level'), ('step', 'The next step is due'), ('escalate', 'Somebody asked for the next level now'), ('assigned', 'Page the person it was assigned to'), ('resume', 'Nobody confirmed in time: go on where the policy stood'), ('suppressed', 'Look again when maintenance ends'), ('acknowledged', 'Does this acknowledgement expire?'), ('attached', 'Is the alert it follows still open?')], default='start', max_length=16),
        ),
        migrations.AlterField(
            model_name='alertevent',
            name='kind',
            field=models.CharField(choices=[('opened', 'Opened'), ('repeated', 'Fired again'), ('severity_raised', 'Severity raised'), ('acknowledged', 'Acknowledged'), ('unacknowledged', 'Unacknowledged'), ('acknowledgement_expired', 'Acknowledgement timed out'), ('assigned', 'Assigned'), ('assignment_expired', 'Assignment timed out'), ('escalated', 'Escalated by hand'), ('snoozed', 'Snoozed'), ('snooze_ended', 'Snooze ended'), ('suppressed', 'Suppressed by maintenance'), ('released', 'Released from maintenance'), ('attached', 'Attached to another alert'), ('detached', 'Stands alone'), ('resolved', 'Resolved'), ('noted', 'Note'), ('escalation_started', 'Escalation started'), ('level_started', 'Level notified'), ('level_skipped', 'Level skipped'), ('round_started', 'Policy repeated'), ('exhausted', 'Policy exhausted'), ('fallback', 'Fallback notified'), ('paged', 'Notified'), ('page_delivered', 'Delivered'), ('page_failed', 'Notification failed'), ('page_delayed', 'Notification delayed'), ('page_cancelled', 'Notifications cancelled'), ('no_immediate_rule', 'No immediate rule'), ('engine_late', 'Engine was late')], max_length=24),
        ),
        AddConstraintNotValid(
            model_name='alert',
            constraint=models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='no_alert_follows_itself'),
        ),
    ]
