"""Nobody takes turns without being in the group: a turn points at the membership, too."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE schedules_rotationmember l SET member_id = m.id
FROM schedules_rotation r, schedules_schedule s, groups_member m
WHERE r.id = l.rotation_id AND s.id = r.schedule_id
  AND m.group_id = s.group_id AND m.user_id = l.user_id;
DELETE FROM schedules_rotationmember WHERE member_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


def _member(null):
    return models.ForeignKey(
        editable=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="rotation_places",
        to="groups.member",
    )


class Migration(migrations.Migration):
    dependencies = [("groups", "0001_initial"), ("schedules", "0001_initial")]

    operations = [
        migrations.AlterField(
            "schedule",
            "group",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="schedules",
                to="groups.group",
            ),
        ),
        migrations.AddField("rotationmember", "member", _member(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("rotationmember", "member", _member(null=False)),
    ]
