"""A second opinion on what one layer says: slow, obvious, and sharing nothing with the resolver.

Wall times become instants by trying every offset the zone has had around them. Turns are walked
one by one from the first, the line is a pointer that moves on, work is looked for every quarter of
an hour, recurring shifts are another library's. It reads the plan's fields and calls none of its
methods.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from dateutil.rrule import rrulestr

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
LENGTH = {"hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}


# The clock on the wall


def shown(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=200_000)
def comings(wall: datetime, zone: tzinfo) -> list[datetime]:
    """Return the instants at which the wall shows `wall`; where the clocks jump over it, that."""
    about = wall.replace(tzinfo=UTC)
    offsets = {
        (about + h * timedelta(hours=1)).astimezone(zone).utcoffset() for h in range(-36, 37, 12)
    }
    tries = [about - offset for offset in offsets if offset is not None]
    exact = sorted(at for at in tries if shown(at, zone) == wall)
    if exact:
        return exact
    second = timedelta(seconds=1)
    low, high = min(tries) - second, max(tries) + second
    while high - low > second:
        middle = low + (high - low) // 2
        low, high = (low, middle) if shown(middle, zone) > wall else (middle, high)
    return [high.replace(microsecond=0)]


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the last day that has begun."""
    day = shown(at, zone).date() + DAY
    while comings(datetime.combine(day, time()), zone)[0] > at:
        day -= DAY
    return day


# Layers


def is_on_hours(rotation: Any, at: datetime) -> bool:
    """Whether `at` is in duty hours: every window of the weeks around it, one by one."""
    off, on = rotation.on_holidays == "off", rotation.on_holidays == "on"
    is_holiday = day_of(at, rotation.zone) in rotation.holidays
    if (off or on) and is_holiday:
        return on
    if not rotation.windows:
        return not on
    today = shown(at, rotation.zone)
    monday = datetime.combine(today.date(), time()) - today.weekday() * DAY
    for week in (-14, -7, 0, 7):
        for start, end in rotation.windows:
            begin = monday + week * DAY + timedelta(minutes=start)
            finish = monday + week * DAY + timedelta(minutes=end)
            if not begin - 2 * DAY < today < finish + 2 * DAY:
                continue
            if comings(begin, rotation.zone)[0] <= at < comings(finish, rotation.zone)[-1]:
                return True
    return False


def has_work(rotation: Any, start: datetime, end: datetime) -> bool:
    """Whether the clocks show any duty hours between two wall times: ask every quarter of them,
    or every day where no hours are set."""
    spans = [(a + w, b + w) for a, b in rotation.windows for w in (-10080, 0)]
    while start < end:
        minute = start.weekday() * 1440 + start.hour * 60 + start.minute
        on = any(a <= minute < b for a, b in spans)
        if not rotation.windows:
            on = rotation.on_holidays != "on"
        if rotation.on_holidays and start.date() in rotation.holidays:
            on = rotation.on_holidays == "on"
        if on:
            return True
        start = start + QUARTER if spans else datetime.combine(start.date() + DAY, time())
    return False


def later(first: datetime, unit: str, count: int) -> datetime:
    if unit != "month":
        return first + count * LENGTH[unit]
    month = first.replace(day=1)
    for _ in range(count):
        month = (month + 31 * DAY).replace(day=1)
    last = (month + 31 * DAY).replace(day=1) - DAY
    return month.replace(day=min(first.day, last.day))


Turn = tuple[datetime, int, list[int], list[int]]


def turns(rotation: Any, since: datetime, until: datetime) -> list[Turn]:
    """Walk from the first turn: when each begins, its number, the places that have it, and those
    behind them. A turn without work passes nothing on: it belongs to whoever is next to work."""
    walls: list[tuple[datetime, bool]] = []
    ahead, far = 0, shown(until, rotation.zone) + 2 * DAY
    while ahead < 200:
        begin, end = (
            later(rotation.starts, rotation.unit.value, (len(walls) + n) * rotation.count)
            for n in (0, 1)
        )
        counts = rotation.advance != "worked" or has_work(rotation, begin, end)
        walls.append((begin, counts))
        if begin > far:
            ahead = 200 if counts else ahead + 1
    worked, upcoming = [], None
    for begin, counts in reversed(walls):
        upcoming = begin if counts else upcoming
        worked.append(upcoming or begin)
    found: list[Turn] = []
    last = -1
    for number, (begin, counts) in enumerate(walls):
        queue = in_line(rotation, worked[-1 - number].date(), last)
        holders, behind = queue[: rotation.people_at_once], queue[rotation.people_at_once :]
        found.append((began(begin, rotation.zone, since), number, holders, behind))
        if counts and holders:
            last = holders[-1]
    return found


def began(wall: datetime, zone: tzinfo, since: datetime) -> datetime:
    """Return its first coming; of one long before anybody asks, any instant near it will do."""
    about = wall.replace(tzinfo=UTC)
    return about if about < since - 3 * DAY else comings(wall, zone)[0]


def in_line(rotation: Any, on: date, last: int) -> list[int]:
    """Return the places that take part on a day, from the first behind `last` on."""
    here = []
    for place in range(len(rotation.members)):
        joins, leaves = rotation.dated[place] if rotation.dated else (None, None)
        if (joins is None or joins <= on) and (leaves is None or leaves > on):
            here.append(place)
    return [p for p in here if p > last] + [p for p in here if p <= last]


class Layer:
    """One layer, asked at an instant: is it in force, is it on duty, whom does it name?"""

    def __init__(self, thing: Any, since: datetime, until: datetime) -> None:
        self.thing = thing
        self.kind = type(thing).__name__
        self.why = {"Rotation": "rotation", "Fixed": "fixed", "Imported": "import"}[self.kind]
        if self.kind == "Rotation":
            self.turns = turns(thing, since, until) if thing.members else []
            self.speaks = bool(thing.members)
            self.fills = ["primary", "secondary"] if thing.fills == "both" else [thing.fills]
        else:
            self.fills = [thing.role]
        if self.kind == "Fixed":
            self.speaks = bool(thing.people) or thing.is_nobody
            self.stretches = self.occurrences(until)
        if self.kind == "Imported":
            self.speaks = bool(thing.events)

    def occurrences(self, until: datetime) -> list[tuple[datetime, datetime]]:
        thing = self.thing
        starts = [thing.starts]
        if thing.rule:
            text = re.sub(r"(UNTIL=\d{8})", r"\1T235959", thing.rule.text)  # all of that day
            rule = rrulestr(text, dtstart=thing.starts)
            starts = list(rule.between(thing.starts, until.replace(tzinfo=None) + 40 * DAY, True))
        length = thing.ends - thing.starts
        zone = thing.zone
        return [(comings(s, zone)[0], comings(s + length, zone)[-1]) for s in starts]

    def says(self, at: datetime, role: str) -> tuple[bool, bool, list[int], bool]:
        """Return whether it is in force, on duty, whom it names, and whether it hides others."""
        if not self.speaks or role not in self.fills:
            return False, False, [], False
        return {"Rotation": self.turn, "Fixed": self.shift, "Imported": self.event}[self.kind](
            at, role
        )

    def turn(self, at: datetime, role: str) -> tuple[bool, bool, list[int], bool]:
        r = self.thing
        over = r.ends is not None and comings(r.ends, r.zone)[-1] <= at
        if (
            at < self.turns[0][0]
            or over
            or (r.since and at < r.since)
            or (r.until and at >= r.until)
        ):
            return False, False, [], False
        if not is_on_hours(r, at):
            return True, False, [], False
        _, _, holders, behind = next(turn for turn in reversed(self.turns) if turn[0] <= at)
        first = [r.members[place] for place in holders if r.members[place] is not None]
        if r.fills != "both" or role == "primary":
            return True, True, first, False
        others = [r.members[place] for place in behind]
        others = [who for who in dict.fromkeys(others) if who is not None and who not in first]
        return True, True, others[: r.people_at_once], False

    def shift(self, at: datetime, role: str) -> tuple[bool, bool, list[int], bool]:
        f = self.thing
        if not self.stretches or not self.stretches[0][0] <= at:
            return False, False, [], False
        if (not f.rule or f.rule.until) and max(end for _, end in self.stretches) <= at:
            return False, False, [], False
        on = any(start <= at < end for start, end in self.stretches)
        if not on or day_of(at, f.zone) in f.holidays:
            return True, False, [], False
        return True, True, [] if f.is_nobody else list(f.people), f.is_nobody

    def event(self, at: datetime, role: str) -> tuple[bool, bool, list[int], bool]:
        c = self.thing
        first, last = min(e[0] for e in c.events), max(e[1] for e in c.events)
        if not first <= at < last:
            return False, False, [], False
        if day_of(at, c.zone) in c.holidays:
            return True, False, [], False
        then = [
            event for event in sorted(c.events, key=lambda e: e[0]) if event[0] <= at < event[1]
        ]
        return True, bool(then), [who for _, _, who in then if who is not None], False
