"""Common ways to share the hours of a week: each prefills the form of a rotation. Pure facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from schedules.duty_windows import Hours
from schedules.states import Unit

MONDAY, FRIDAY = 0, 4


@dataclass(frozen=True)
class ShiftTemplate:
    """What one choice puts into the form."""

    key: str
    name: str
    says: str
    icon: str
    handoff_at: time
    hours: tuple[Hours, ...] = ()
    unit: Unit = Unit.WEEK
    handoff_on: int = MONDAY
    rank: int = 0
    everybody: bool = True
    """Whether all members stand in the line at first."""

    def initial(self, today: date) -> dict[str, Any]:
        """Return the fields; the first hand-off is the last one before today, so it counts now."""
        since = (today.weekday() - self.handoff_on) % 7
        return {
            "name": self.name,
            "unit": self.unit.value,
            "count": 1,
            "starts_on": today - timedelta(days=since),
            "handoff_at": self.handoff_at,
            "rank": self.rank,
        }


def _thirds() -> Sequence[ShiftTemplate]:
    """Return three offices, each on duty for a third of the day."""
    names = ("first", "second", "third")
    return [
        ShiftTemplate(
            f"follow-the-sun-{number + 1}",
            f"Follow the sun, {number * 8:02}:00 to {(number + 1) * 8 % 24:02}:00",
            f"The {names[number]} of three offices, eight hours of every day. Add all three.",
            "globe",
            time(number * 8),
            (Hours("daily", time(number * 8), time((number + 1) * 8 % 24)),),
            everybody=False,
        )
        for number in range(3)
    ]


TEMPLATES: dict[str, ShiftTemplate] = {
    each.key: each
    for each in (
        ShiftTemplate(
            "24x7",
            "Around the clock",
            "24×7: one person for a week, handed over on Mondays at 09:00.",  # noqa: RUF001
            "clock",
            time(9),
        ),
        ShiftTemplate(
            "business-hours",
            "Business hours",
            "Monday to Friday, 09:00 to 17:00, another person every week.",
            "sun",
            time(9),
            (Hours("weekdays", time(9), time(17)),),
        ),
        ShiftTemplate(
            "after-hours",
            "After hours",
            "Every night, and the weekend from Friday 17:00 to Monday 09:00.",
            "moon",
            time(17),
            (
                *(Hours(str(day), time(17), time(9)) for day in range(4)),
                Hours("4", time(17), time(9), "0"),
            ),
        ),
        ShiftTemplate(
            "weekends",
            "Weekends",
            "From Friday 18:00 to Monday 08:00, above the rest of the week.",
            "calendar-days",
            time(18),
            (Hours("4", time(18), time(8), "0"),),
            handoff_on=FRIDAY,
            rank=10,
        ),
        *_thirds(),
    )
}
