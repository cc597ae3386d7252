"""What a schedule is made of: layers by rank, here the fixed shifts.

A higher rank covers a lower one; the same rank is on call together. What a rule means is in
`resolver.py`; what it takes to be sensible is said here, by `clean` to people and by constraints
to everybody else.
"""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from groups.models import Member
from schedules.models_base import EARLIEST, LATEST, Schedule
from schedules.models_holidays import HolidayCalendar
from schedules.states import OnHolidays, Role

RANK_SAYS = (
    "A higher rank covers a lower one; layers of the same rank are on call "
    "together. A turn that belongs to nobody hides nothing."
)


class Layer(models.Model):
    """What every layer has: its rank, and what public holidays do to it."""

    name = models.CharField(max_length=120)
    rank = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100, "A rank is between 0 and 100.")],
        help_text=RANK_SAYS,
    )
    holidays = models.ForeignKey(
        HolidayCalendar, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    on_holidays = models.CharField(
        max_length=3, choices=OnHolidays.choices, blank=True, db_default="", default=""
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


def holidays_agree(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(holidays__isnull=True, on_holidays="")
        | Q(holidays__isnull=False, on_holidays__in=OnHolidays.values),
        name=name,
        violation_error_message="Choose both: whose holidays, and what they change.",
    )


class FixedShift(Layer):
    """The same people at set times: once, or again and again by an iCalendar rule.

    Wall times of the schedule's zone; `rule` is normalised by `recurrence.parse` and repeats the
    whole stretch. `is_nobody` is a hole on purpose: it hides the ranks below.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="fixed_shifts")
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.PRIMARY)
    starts_on = models.DateField("from")
    starts_time = models.TimeField("at")
    ends_on = models.DateField("until")
    ends_time = models.TimeField("at")
    rule = models.CharField(
        "repeats", max_length=200, blank=True, help_text="Such as FREQ=WEEKLY;BYDAY=SA,SU."
    )
    is_nobody = models.BooleanField(
        "nobody on purpose",
        default=False,
        help_text="Nobody is on call then, whatever lower ranks say.",
    )

    class Meta:
        ordering = ["schedule", "-rank", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on"))
                | Q(ends_on=F("starts_on"), ends_time__gt=F("starts_time")),
                name="fixed_shift_ends_after_start",
                violation_error_message="The end must be after the start.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__gte=EARLIEST, ends_on__lte=LATEST),
                name="fixed_shift_sane",
                violation_error_message="A shift must lie between 2000 and 2199.",
            ),
            models.CheckConstraint(condition=Q(rank__lte=100), name="fixed_shift_rank"),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="fixed_shift_role_known"
            ),
            holidays_agree("fixed_shift_holidays_agree"),
            models.CheckConstraint(
                condition=~Q(on_holidays=OnHolidays.ON), name="fixed_shift_only_off_on_holidays"
            ),
            models.UniqueConstraint(
                fields=["schedule", "name"],
                name="fixed_shift_name_once",
                violation_error_message="This schedule has a fixed shift of this name already.",
            ),
        ]


class FixedShiftPerson(models.Model):
    """Somebody on a fixed shift. People on one cannot be deleted, nor leave the group."""

    shift = models.ForeignKey(FixedShift, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fixed_shift_places"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="fixed_shift_places", editable=False
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["shift", "position"]
        constraints = [
            models.UniqueConstraint(fields=["shift", "user"], name="fixed_shift_person_once"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the membership in step with the person."""
        self.member = Member.objects.get(group=self.shift.schedule.group_id, user=self.user_id)
        super().save(*args, **kwargs)
