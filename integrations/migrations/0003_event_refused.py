from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the log may be large, and events keep coming in

    dependencies = [
        ('integrations', '0002_keys'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='inboundevent',
            index=models.Index(condition=models.Q(('refused__gt', 0)), fields=['integration', '-id'], name='event_refused'),
        ),
    ]
