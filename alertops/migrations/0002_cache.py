"""The table of `alertops.shared_cache`. Unlogged: what it counts may be forgotten in a crash."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("alertops", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE alertops_cache (
                key varchar(255) PRIMARY KEY,
                value jsonb NOT NULL,
                ends_at timestamptz NOT NULL
            );
            CREATE INDEX cache_over ON alertops_cache (ends_at);
            """,
            "DROP TABLE alertops_cache",
        ),
    ]
