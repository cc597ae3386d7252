from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # alerts keep being opened meanwhile

    dependencies = [
        ('alerts', '0002_held_back'),
    ]

    operations = [
        ValidateConstraint(model_name='alert', name='only_a_triggered_alert_is_held_back'),
        ValidateConstraint(model_name='alert', name='what_is_not_discarded_wakes_up'),
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index('wake_at', condition=models.Q(('suppressed', True)), name='alert_held_back'),
        ),
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index('discard_at', condition=models.Q(('discard_at__isnull', False)), name='alert_discarded'),
        ),
    ]
