from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # alerts keep being opened meanwhile

    dependencies = [
        ('alerts', '0004_bundles'),
    ]

    operations = [
        ValidateConstraint(model_name='alert', name='no_alert_follows_itself'),
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index(models.F('parent'), condition=models.Q(('parent__isnull', False)), name='alert_follows'),
        ),
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index(models.F('source'), models.F('bundle'), models.F('id'), condition=models.Q(models.Q(('status', 'resolved'), _negated=True), models.Q(('bundle', ''), _negated=True), ('parent__isnull', True)), name='alert_leads'),
        ),
    ]
