"""The five policies every installation starts with; existing ones of these names are left alone."""

from django.db import migrations

from escalation import builtin


def create(apps, schema_editor):
    builtin.create_missing(
        *(
            apps.get_model("escalation", name).objects
            for name in ("Policy", "Level", "LevelChannel")
        )
    )


class Migration(migrations.Migration):
    dependencies = [("escalation", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
