from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='discard_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        # Checked row by row in the next migration, so that no alert waits for it.
        AddConstraintNotValid(
            model_name='alert',
            constraint=models.CheckConstraint(
                condition=models.Q(('suppressed', False), ('status', 'triggered'), _connector='OR'),
                name='only_a_triggered_alert_is_held_back',
            ),
        ),
        AddConstraintNotValid(
            model_name='alert',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ('discard_at__isnull', True),
                    models.Q(('suppressed', True), ('wake_at__gt', models.F('discard_at'))),
                    _connector='OR',
                ),
                name='what_is_not_discarded_wakes_up',
            ),
        ),
    ]
