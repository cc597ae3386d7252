"""The parts of one group, as the statement reads them, made into what the resolver asks."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from schedules.posts import Key
from schedules.recurrence import Rule, parse
from schedules.resolver import Away, Fixed, Imported, Override, Rotation, Temporary
from schedules.states import Fills, OnHolidays, Role, Unit, Why

logger = logging.getLogger(__name__)
UNITS = {unit.value: unit for unit in Unit}
FILLS = {fills.value: fills for fills in Fills}
ROLE = {role.value: role for role in Role}
NO_DAYS: frozenset[date] = frozenset()


class Rows:
    """The rows of one group. `pageable` are those who may be on call in it."""

    def __init__(
        self,
        parts: Mapping[str, Any],
        zone: ZoneInfo,
        pageable: set[int],
        holidays: Mapping[int, frozenset[date]],
    ) -> None:
        self._parts = parts
        self.zone = zone
        self._pageable = pageable
        self._holidays = holidays

    def _rows(self, part: str) -> Iterable[list[Any]]:
        rows: Iterable[list[Any]] = self._parts.get(part, ())
        return rows

    def _who(self, user: int | None) -> int | None:
        return user if user in self._pageable else None

    def rotations(self) -> tuple[Rotation, ...]:
        """Return every rotation; one that was edited comes twice until the next hand-off."""
        places: dict[int, list[list[Any]]] = defaultdict(list)
        for rotation, *place in self._rows("places"):
            places[rotation].append(place)
        windows: dict[int, list[list[int]]] = defaultdict(list)
        for rotation, *window in self._rows("windows"):
            windows[rotation].append(window)
        found = []
        for row in self._rows("rotations"):
            number, _, *rule, takes_effect_at, outgoing = row
            since = None if takes_effect_at is None else _instant(takes_effect_at)
            if outgoing is not None:
                try:
                    found.append(self._outgoing(number, outgoing, since))
                except (KeyError, TypeError, ValueError):
                    logger.exception("The former rule of rotation %s is unreadable.", number)
                    since = None  # the new one counts at once; nobody's turn is lost
            line = places[number]
            found.append(self._rotation(number, rule, line, windows[number], since=since))
        return tuple(found)

    def _outgoing(self, number: int, kept: dict[str, Any], until: datetime | None) -> Rotation:
        names = ("starts", "ends", "unit", "count", "fills", "rank", "people_at_once", "advance")
        rule = [*map(kept.__getitem__, names), kept["holidays"], kept["on_holidays"]]
        return self._rotation(number, rule, kept["places"], kept["windows"], until=until)

    def _rotation(
        self,
        number: int,
        rule: list[Any],
        places: list[list[Any]],
        windows: list[list[int]],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Rotation:
        starts, ends, unit, count, fills, rank, at_once, advance, holidays, on_holidays = rule
        is_dated = any(joins or leaves for _, joins, leaves in places)
        return Rotation(
            number,
            self.zone,
            datetime.fromisoformat(starts),
            UNITS[unit],
            count,
            tuple([self._who(place[0]) for place in places]),
            FILLS[fills],
            rank,
            None if ends is None else datetime.fromisoformat(ends),
            at_once,
            advance,
            tuple((_day(joins), _day(leaves)) for _, joins, leaves in places) if is_dated else (),
            tuple((start, end) for start, end in windows),
            self._holidays.get(holidays, NO_DAYS) if holidays else NO_DAYS,
            on_holidays,
            since,
            until,
        )

    def fixed(self) -> tuple[Fixed, ...]:
        return tuple(
            Fixed(
                number,
                self.zone,
                datetime.fromisoformat(starts),
                datetime.fromisoformat(ends),
                tuple(user for user in people or () if user in self._pageable),
                ROLE[role],
                rank,
                _rule(rule, starts[:10]),
                is_nobody,
                self._off(holidays, on_holidays),
            )
            for number, _, starts, ends, role, rank, rule, is_nobody, holidays, on_holidays, people
            in self._rows("fixed")
        )  # fmt: skip

    def imported(self) -> tuple[Imported, ...]:
        found = []
        for number, _, role, rank, holidays, on_holidays, (first, last), events in self._rows(
            "calendars"
        ):
            if first is None:
                continue
            known = tuple(
                (_instant(start), _instant(end), self._who(user))
                for start, end, user in events or ()
            )
            bounds = _instant(first), _instant(last)
            off = self._off(holidays, on_holidays)
            found.append(Imported(number, ROLE[role], rank, known, *bounds, self.zone, off))
        return tuple(found)

    def _off(self, holidays: int | None, on_holidays: str) -> frozenset[date]:
        if holidays is None or on_holidays != OnHolidays.OFF:
            return NO_DAYS
        return self._holidays.get(holidays, NO_DAYS)

    def overrides(self) -> tuple[Override, ...]:
        return tuple(
            Override(
                number,
                ROLE[role],
                user,
                replaces,
                _instant(start),
                _instant(end),
                kind,
                _layer(rotation, fixed, calendar),
                swap,
            )
            for number, role, user, replaces, start, end, kind, rotation, fixed, calendar, swap, _
            in self._rows("overrides")
            if user is None or user in self._pageable
        )  # fmt: skip

    def temporary(self) -> tuple[Temporary, ...]:
        return tuple(
            Temporary(number, _instant(start), _instant(end), self._temporary_shifts(shifts or ()))
            for number, _, start, end, shifts in self._rows("temporary")
        )

    def _temporary_shifts(
        self, shifts: Iterable[list[Any]]
    ) -> tuple[tuple[Role, int, datetime, datetime], ...]:
        return tuple(
            (ROLE[role], user, _instant(start), _instant(end))
            for role, user, start, end in shifts
            if user in self._pageable
        )

    def away(self) -> tuple[Away, ...]:
        return tuple(
            Away(number, user, covered_by, _instant(start), _instant(end), is_everywhere)
            for number, user, covered_by, start, end, is_everywhere in self._rows("away")
            if covered_by is None or covered_by in self._pageable
        )


def _layer(rotation: int | None, fixed: int | None, calendar: int | None) -> Key | None:
    if rotation is not None:
        return (Why.ROTATION, rotation)
    if fixed is not None:
        return (Why.FIXED, fixed)
    return None if calendar is None else (Why.IMPORT, calendar)


@lru_cache(maxsize=1024)
def _rule(text: str, starts: str) -> Rule | None:
    if not text:
        return None
    try:
        return parse(text, date.fromisoformat(starts))
    except ValueError:  # one bad row stops no look-up: the shift comes once
        logger.exception("The rule %r of a fixed shift is unreadable.", text)
        return None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
