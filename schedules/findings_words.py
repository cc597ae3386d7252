"""What is wrong with a schedule, in sentences; and what would make it better. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from alertops import durations
from schedules.findings import Finding, Kind
from schedules.posts import Key
from schedules.quality import Quality


@dataclass(frozen=True)
class Names:
    """What things and people are called, and on whose clocks times are said."""

    zone: tzinfo
    """The reader's."""
    home: tzinfo
    """The schedule's, whose clocks are changed."""
    now: datetime
    people: Mapping[int, str] = field(default_factory=dict)
    layers: Mapping[Key, str] = field(default_factory=dict)

    def at(self, at: datetime) -> str:
        """Say an instant, with the year where it is another."""
        wall = at.astimezone(self.zone)
        year = "" if wall.year == self.now.astimezone(self.zone).year else f" {wall.year}"
        return f"{wall:%a} {wall.day} {wall:%b}{year}, {wall:%H:%M}"

    def until(self, start: datetime, end: datetime) -> str:
        """Say an end; on the day of its start, the time alone."""
        begins, ends = start.astimezone(self.zone), end.astimezone(self.zone)
        return f"{ends:%H:%M}" if begins.date() == ends.date() else self.at(end)

    def person(self, user: int | None) -> str:
        return self.people.get(user, "Somebody") if user is not None else "Nobody"

    def layer(self, key: Key | None) -> str:
        return f"“{self.layers.get(key, '?')}”" if key is not None else "A layer"


PLAIN = {
    Kind.DRAFT: "A draft: it decides nothing. This is what it would do.",
    Kind.NO_LAYERS: "No layers yet: the members are on call in their order.",
    Kind.EMPTY_LAYER: "{layer} puts nobody on call: it names no person.",
    Kind.OVER: "{layer} is not in force at any time in the coming year.",
    Kind.ABSENT: "{who} has a place in {layer} but cannot be on call: that turn is nobody's.",
    Kind.SINGLE: "{who} is the only one on call in the next 12 weeks: nobody takes over.",
    Kind.UNREAD: "The calendar {layer} cannot be read; its last good copy counts. {words}",
    Kind.UNKNOWN_NAMES: "The calendar {layer} names people nobody knows here: {words}.",
}


def sentence(finding: Finding, names: Names) -> str:
    """Say one finding in a sentence or two."""
    said = {Kind.GAP: _gap, Kind.NO_TURN: _no_turn, Kind.CLOCKS: _clocks}
    if finding.kind in PLAIN:
        who, layer = names.person(finding.user), names.layer(finding.layer)
        return PLAIN[finding.kind].format(who=who, layer=layer, words=finding.words)
    return said.get(finding.kind, _reach)(finding, names)


def _no_turn(finding: Finding, names: Names) -> str:
    who = names.person(finding.user)
    if finding.start is None:
        return (
            f"{who} takes turns but never gets one in the coming year. "
            "Where duty hours leave turns out, let the turn pass on only after work."
        )
    return f"{who} has no turn in the next 12 weeks; the next begins {names.at(finding.start)}."


def _gap(gap: Finding, names: Names) -> str:
    assert gap.start is not None
    assert gap.end is not None
    assert gap.role is not None
    begins = "now" if gap.start <= names.now else f"from {names.at(gap.start)}"
    if not gap.goes_on:
        begins += f" until {names.until(gap.start, gap.end)}"
    elif gap.start > names.now:
        begins += " on"
    else:
        begins += " or in the next 30 days"
    more = "one more gap" if gap.count == 1 else f"{gap.count} more gaps"
    others = f" And {more} in the next 30 days." if gap.count else ""
    if gap.words:
        begins += f", {gap.words}"
    return f"Nobody is {gap.role.label} {begins}. Alerts go to the next level at once.{others}"


def _reach(finding: Finding, names: Names) -> str:
    assert finding.start is not None
    when = (
        "is on call now" if finding.start <= names.now else f"is on call {names.at(finding.start)}"
    )
    who = names.person(finding.user)
    if finding.kind == Kind.UNREACHABLE:
        return f"{who} {when} and has no verified contact method: no page can arrive."
    return f"{who} {when} and can be reached by e-mail alone, which wakes nobody."


def _clocks(finding: Finding, names: Names) -> str:
    assert finding.start is not None
    wall, span = finding.start.astimezone(names.home), durations.words(abs(finding.count))
    is_forward = finding.count > 0
    way = "forward" if is_forward else "back"
    what = f"On {wall:%a} {wall.day} {wall:%b} the clocks go {way} by {span}, to {wall:%H:%M}."
    if finding.end is None or finding.role is None:
        return f"{what} No hand-off is touched: each keeps its time on the clock."
    handoff = finding.end.astimezone(names.home)
    rule = "one set in the time left out happens then"
    if not is_forward:
        rule = "at a time that comes twice it is the first"
    role = finding.role.label
    return f"{what} {role} is handed over at {handoff:%H:%M} {handoff.tzname()}: {rule}."


def advice(quality: Quality, names: Names) -> list[str]:
    """Say what would raise the score, the most first."""
    found: list[tuple[int, str]] = []
    hours = round(quality.uncovered / timedelta(hours=1))
    if quality.uncovered:
        span = "hour" if hours == 1 else f"{hours:,} hours"
        role = quality.role.label
        found.append((quality.coverage_gains, f"Put a {role} on call in the {span} without one"))
    if quality.balance < 1:
        found.append((quality.balance_gains, f"Share the load{_uneven(quality, names)}"))
    return [f"{text}: {_points(gain)}." for gain, text in sorted(found, reverse=True)]


def _uneven(quality: Quality, names: Names) -> str:
    """Say who has the most and who the least, in one breath."""
    most, least = quality.loads[0], quality.loads[-1]
    lesser = f"{-least.more} % less" if least.hours else "no turn at all"
    return (
        f": {names.person(most.user)} has {most.more} % more than the mean, "
        f"{names.person(least.user)} {lesser}"
    )


def _points(gain: int) -> str:
    if not gain:
        return "less than a point more"
    return "1 point more" if gain == 1 else f"{gain} points more"
