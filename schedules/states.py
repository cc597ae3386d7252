"""The fixed words of scheduling: roles, what a rotation fills, units of a turn."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a person on call is on call as. Managers are never rotated, so they are not here."""

    PRIMARY = "primary", "Primary"
    SECONDARY = "secondary", "Secondary"


class Fills(TextChoices):
    """Which roles one rotation fills."""

    PRIMARY = "primary", "Primary"
    SECONDARY = "secondary", "Secondary"
    BOTH = "both", "Primary, and the next in line is Secondary"


class Unit(TextChoices):
    """What a turn is counted in, on the wall clock of the schedule's zone."""

    HOUR = "hour", "hours"
    DAY = "day", "days"
    WEEK = "week", "weeks"


class Why(TextChoices):
    """Where a shift comes from."""

    ROTATION = "rotation", "Rotation"
    OVERRIDE = "override", "Override"
    MEMBER = "member", "Static order of the group's members"
