"""What the wiring itself must remember: that its loops are alive."""

from django.db import models


class LoopBeat(models.Model):
    """The heartbeat of one loop. Older than a few seconds: something else must do its work."""

    name = models.CharField(max_length=32, primary_key=True)
    beat_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """When this run wants to be succeeded; until then a second starter goes home."""
    run_id = models.CharField(max_length=32)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    work_count = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
