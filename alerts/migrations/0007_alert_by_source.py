from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # alerts keep being opened meanwhile

    dependencies = [
        ('alerts', '0006_of_assignee'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index(models.F('source'), models.F('opened_at'), models.F('id'), name='alert_by_source'),
        ),
    ]
