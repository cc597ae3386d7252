from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # alerts keep being opened meanwhile

    dependencies = [
        ('alerts', '0005_bundles_indexes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index(models.F('assignee'), condition=models.Q(models.Q(('status', 'resolved'), _negated=True), ('assignee__isnull', False)), name='alert_of_assignee'),
        ),
        RemoveIndexConcurrently(
            model_name='alert',
            name='alert_in_hand',
        ),
    ]
