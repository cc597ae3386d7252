"""Public holidays of countries and their parts: known years ahead, looked over every night.

The facts come from the `holidays` package. Only days to come are ever changed (a parliament may
move one), and what was until then is on record first.
"""

import logging
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Q

from schedules import past
from schedules.models import FixedShift, Holiday, HolidayCalendar, ImportedCalendar, Rotation

logger = logging.getLogger(__name__)
YEARS_AHEAD = 3
_LANGUAGE = "en_US"


def countries() -> dict[str, list[str]]:
    """Return the countries whose holidays are known, each with its parts."""
    import holidays  # 10 MB that a process pays for only when it is asked

    known: dict[str, list[str]] = holidays.list_supported_countries(include_aliases=False)
    return known


@transaction.atomic
def calendar_of(country: str, subdivision: str = "", *, now: datetime) -> HolidayCalendar:
    """Return the calendar of a country or a part of it, made and filled where it is new.

    Raises ValidationError for one nobody knows.
    """
    country, subdivision = country.strip().upper(), subdivision.strip()
    parts = countries().get(country)
    if parts is None:
        raise ValidationError(f"{country[:10] or 'This'} is not a country we know holidays of.")
    if subdivision and subdivision not in parts:
        raise ValidationError(
            f"{country} has no part {subdivision[:20]}; leave it empty or choose."
        )
    calendar, is_new = HolidayCalendar.objects.get_or_create(
        country=country, subdivision=subdivision
    )
    if is_new:
        fill(calendar, now)
    return calendar


def fill_all(now: datetime) -> int:
    """Bring every calendar up to date; return how many changed. One that fails stops no other."""
    changed = 0
    for pk in HolidayCalendar.objects.values_list("pk", flat=True):
        try:
            with transaction.atomic():
                calendar = HolidayCalendar.objects.select_for_update().get(pk=pk)
                changed += fill(calendar, now)
        except (NotImplementedError, KeyError, ValueError) as error:
            logger.error("Holidays %s cannot be looked up: %s", pk, error)
    return changed


def fill(calendar: HolidayCalendar, now: datetime) -> bool:
    """Write down the days from the first year anything asks for to three years ahead; say whether
    any day is new or other. Days that have passed are only ever added."""
    until = date(now.year + YEARS_AHEAD + 1, 1, 1)
    told = _days(calendar, range(_first_year(calendar, now), until.year))
    known = dict(calendar.days.values_list("on", "name"))
    today = now.date()
    gone = [on for on in known if on >= today and on not in told]
    other = [on for on, name in told.items() if on not in known or known[on] != name]
    if gone or other:
        past.settle(_groups(calendar), now)
        calendar.days.filter(on__in=[*gone, *other]).delete()
        Holiday.objects.bulk_create(
            Holiday(calendar=calendar, on=on, name=told[on]) for on in other
        )
    if calendar.filled_until != until:
        calendar.filled_until = until
        calendar.save(update_fields=["filled_until"])
    return bool(gone or other)


def _days(calendar: HolidayCalendar, years: range) -> dict[date, str]:
    import holidays

    found = holidays.country_holidays(
        calendar.country, subdiv=calendar.subdivision or None, years=years, language=_LANGUAGE
    )
    return {on: name[:200] for on, name in found.items() if on.year in years}


def _first_year(calendar: HolidayCalendar, now: datetime) -> int:
    first = [now.year - 1]
    for layer in (Rotation, FixedShift):
        found = layer._default_manager.filter(holidays=calendar).aggregate(at=Min("starts_on"))
        first += [found["at"].year] if found["at"] else []
    return min(first)


def _groups(calendar: HolidayCalendar) -> set[int]:
    """Return the groups in whose schedules these days decide anything."""
    active = Q(holidays=calendar, schedule__is_active=True)
    return {
        group
        for layer in (Rotation, FixedShift, ImportedCalendar)
        for group in layer._default_manager.filter(active).values_list("schedule__group", flat=True)
    }
