from django.db import migrations


class Migration(migrations.Migration):
    """An escalation moves on in place, without a new entry in its index, where its page has room."""

    dependencies = [
        ('escalation', '0005_one_index_a_key'),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE escalation_escalation SET (fillfactor = 60)',
            'ALTER TABLE escalation_escalation RESET (fillfactor)',
        ),
    ]
