"""Public holidays: which there are, and on which days. Facts, filled in years ahead."""

from django.db import models


class HolidayCalendar(models.Model):
    """The public holidays of a country or a part of it; `days` are filled in years ahead."""

    country = models.CharField(max_length=2, help_text="Such as AT.")
    subdivision = models.CharField(max_length=10, blank=True, help_text="Such as 9, or empty.")
    filled_until = models.DateField(null=True, editable=False)
    """Days are known up to here, exclusively."""

    class Meta:
        ordering = ["country", "subdivision"]
        constraints = [
            models.UniqueConstraint(fields=["country", "subdivision"], name="holidays_once"),
        ]

    def __str__(self) -> str:
        return f"{self.country}-{self.subdivision}" if self.subdivision else self.country


class Holiday(models.Model):
    """One public holiday: a day on the clocks of whatever schedule asks."""

    calendar = models.ForeignKey(HolidayCalendar, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="holiday_once")]

    def __str__(self) -> str:
        return self.name
