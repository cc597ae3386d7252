"""The fixed words of scheduling: roles, units of a turn, kinds of change, reasons."""

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
    MONTH = "month", "months"


class Advance(TextChoices):
    """When the turn passes on, where a rotation is only on duty at certain times."""

    CALENDAR = "calendar", "With every turn of the calendar"
    WORKED = "worked", "Only after a turn that has work in it"


class OnHolidays(TextChoices):
    """What public holidays do to a layer. Empty: nothing."""

    OFF = "off", "Off duty on public holidays"
    ON = "on", "On duty all day on public holidays, too"


class Change(TextChoices):
    """What an override does."""

    REPLACE = "replace", "Replace"
    ADD = "add", "Add"
    REMOVE = "remove", "Remove"


class Answer(TextChoices):
    """What the covering person says to a time off."""

    ASKED = "asked", "Not answered yet"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"


class SwapState(TextChoices):
    """Where a request to cover or to swap stands."""

    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    DECLINED = "declined", "Declined"
    CANCELLED = "cancelled", "Cancelled"
    PAST_DUE = "past_due", "Nobody took it"


class Notice(TextChoices):
    """What people are told about a hand-off."""

    STARTS = "starts", "Your shift starts"
    ENDS = "ends", "Your shift ends"
    NEXT = "next", "Your shift comes next"


class Why(TextChoices):
    """Where a shift comes from."""

    ROTATION = "rotation", "Rotation"
    FIXED = "fixed", "Fixed shift"
    IMPORT = "import", "Imported calendar"
    OVERRIDE = "override", "Override"
    SWAP = "swap", "Swap"
    TIME_OFF = "time_off", "Time off"
    TEMPORARY = "temporary", "Temporary schedule"
    MEMBER = "member", "Static order of the group's members"
