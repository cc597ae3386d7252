"""Words for what a layer's row says: its duty hours, how it repeats."""

from datetime import date

from django import template

from schedules import duty_windows
from schedules.models import FixedShift, Rotation
from schedules.recurrence import WEEKDAYS, Rule, parse

register = template.Library()
_EVERY = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}


@register.filter
def duty_hours(rotation: Rotation) -> str:
    """Return "Mon-Fri 09:00-17:00"; nothing where it is always on duty."""
    return duty_windows.in_words((w.starts_minute, w.ends_minute) for w in rotation.windows.all())


@register.filter
def repeats(shift: FixedShift) -> str:
    """Return "every 2 weeks on Monday and Friday, until 31 Dec 2026", or "once"."""
    if not shift.rule:
        return "once"
    try:
        return rule_words(parse(shift.rule, shift.starts_on))
    except ValueError:
        return shift.rule


def rule_words(rule: Rule) -> str:
    unit = _EVERY[rule.freq]
    words = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    if rule.weekdays:
        words += " on " + _list([_weekday(n, day) for n, day in rule.weekdays])
    if rule.month_days:
        words += " on day " + _list([str(day) for day in rule.month_days])
    if rule.months:
        words += " in " + _list([f"{date(2000, month, 1):%B}" for month in rule.months])
    if rule.until:
        words += f", until {rule.until.day} {rule.until:%b %Y}"
    return words


def _weekday(n: int, day: int) -> str:
    name = duty_windows.NAMES[day % len(WEEKDAYS)]
    return f"the {_PLACES.get(n, f'{n}.')} {name}" if n else name


def _list(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
