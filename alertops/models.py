"""What the wiring itself must remember: its loops' heartbeats, whose database this is, how its
self-tests went."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


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
    engine_version = models.PositiveIntegerField(db_default=0)
    """Of the code that runs it; see `fence`."""

    def __str__(self) -> str:
        return self.name


class House(models.Model):
    """The installation this database belongs to. One row; see `fence` and `identity`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    engine_version = models.PositiveIntegerField()
    engine_since = models.DateTimeField()
    public_url = models.TextField(blank=True)
    place = models.TextField(blank=True)
    """Where the database was when it was last served."""
    held_at = models.DateTimeField(null=True, blank=True)
    """Nothing is sent since: this is probably a copy."""
    held_reason = models.TextField(blank=True)
    held_for_twin = models.BooleanField(db_default=False)
    """Only as long as a living original answers at PUBLIC_URL."""
    token = models.CharField(max_length=64, db_default="")
    """Drawn once; a copy of the database has the same."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_house")
        ]

    def __str__(self) -> str:
        return self.public_url or "a new house"


class Probe(models.Model):
    """The latest outcome of one self-test; see `probes`. One row each, for ever."""

    name = models.CharField(max_length=32, primary_key=True)
    checked_at = models.DateTimeField()
    passed = models.BooleanField(null=True)
    """Null: it could not be asked."""
    passed_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    """In a row."""
    seconds = models.FloatField(null=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "self-test"

    def __str__(self) -> str:
        return self.name
