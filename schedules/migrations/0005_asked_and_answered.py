"""What is given in return has a start and an end, or neither: half of it is no promise at all."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WHOLE = """
UPDATE schedules_swaprequest SET return_starts_at = NULL, return_ends_at = NULL
WHERE (return_starts_at IS NULL) <> (return_ends_at IS NULL)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("schedules", "0004_no_overlap_no_rewriting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(WHOLE, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name="swaprequest",
            name="swap_return_ends_after_start",
        ),
        migrations.AlterField(
            model_name="swaprequest",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="timeoff",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="swaprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("return_ends_at__isnull", True), ("return_starts_at__isnull", True)),
                    models.Q(
                        ("return_ends_at__gt", models.F("return_starts_at")),
                        ("return_ends_at__isnull", False),
                        ("return_starts_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="swap_return_ends_after_start",
                violation_error_message="What is given in return must end after it starts.",
            ),
        ),
    ]
