"""The rows of a schedule's picture: the final line, the layers under it, the changes over them.

Every bar says in words who, when and why. Nothing is asked here: roster, people and days come in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cached_property

from accounts.models import User
from schedules import grid, oncall, rota
from schedules.changes import Away, Override
from schedules.posts import ROLES, Layer
from schedules.rosters import Roster
from schedules.rota import Shift
from schedules.states import Change, Role, Why
from schedules.timeline import Axis, Band, Item, Row, Tick

COLOURS = 8
NOBODY = "Nobody"
CHANGES = {Why.OVERRIDE, Why.SWAP, Why.TIME_OFF, Why.TEMPORARY}


@dataclass(frozen=True)
class Chart:
    """A whole picture, as the template draws it."""

    label: str
    axis: Axis
    ticks: list[Tick]
    bands: list[Band]
    rows: list[Row]


@dataclass(frozen=True)
class Drawing:
    """Words and colours for what a roster says in [since, until), which is more than is shown."""

    roster: Roster
    users: Mapping[int, User]
    axis: Axis
    since: datetime
    until: datetime
    links: Mapping[str, str]
    """Where each kind of row leads: "layers", "changes"."""

    def chart(self, label: str, rows: list[Row], holidays: Mapping[date, str]) -> Chart:
        return Chart(label, self.axis, self.axis.ticks(holidays), self.axis.bands(holidays), rows)

    def final(self, shifts: Iterable[Shift], hrefs: Mapping[int, str]) -> list[Row]:
        """Return who is on call in the end, a row for each role. `hrefs` by identity of shifts."""
        found = list(shifts)
        return [
            self.axis.row(
                role.label,
                [self._shift(s, hrefs.get(id(s), "")) for s in found if s.role == role],
                kind="final",
            )
            for role in ROLES
        ]

    def layers(self) -> list[Row]:
        """Return what each layer says by itself, the highest rank first."""
        layers = {layer.key: layer for layer in self.roster.plan.layers}
        return [self._layer(layer) for layer in layers.values()]

    def changes(self) -> list[Row]:
        """Return overrides, temporary schedules and time off, a row for each kind that is there."""
        plan = self.roster.plan
        temporary = [
            Item(
                each.start,
                each.end,
                self.roster.layer_names.get((Why.TEMPORARY, each.id), ""),
                "is-temporary",
                f"Temporary schedule “{self.roster.layer_names.get((Why.TEMPORARY, each.id), '')}”",
                self.when(each.start, each.end),
                "It replaces layers and overrides while it runs",
                self.links.get("changes", ""),
            )
            for each in plan.temporary
        ]
        rows = [
            self.axis.row("Overrides", map(self._override, plan.overrides), kind="change"),
            self.axis.row("Temporary schedules", temporary, kind="change"),
            self.axis.row("Time off", map(self._away, plan.away), kind="change"),
        ]
        return [row for row in rows if row.bars]

    def name(self, user: int | None) -> str:
        if user is None:
            return NOBODY
        return self.users[user].name if user in self.users else "Somebody"

    def colour(self, user: int | None) -> str:
        """Return the colour of a person, the same all over the page."""
        return f"who-{self._colours[user] % COLOURS}" if user in self._colours else ""

    @cached_property
    def _colours(self) -> dict[int | None, int]:
        return {pk: number for number, pk in enumerate(sorted(self.users))}

    def when(self, start: datetime, end: datetime) -> str:
        """Return a stretch in words; what reaches beyond all that was looked at has no end."""
        begin = moment(start, self.axis.zone) if start > self.since else "from before"
        if end >= self.until:
            return f"{begin} and on"
        same = start > self.since and _day(start, self.axis.zone) == _day(end, self.axis.zone)
        finish = end.astimezone(self.axis.zone)
        return f"{begin} – {f'{finish:%H:%M}' if same else moment(end, self.axis.zone)}"  # noqa: RUF001

    def _shift(self, shift: Shift, href: str) -> Item:
        is_change = shift.source is not None and shift.source.why in CHANGES
        css = f"{self.colour(shift.user)}{' is-override' if is_change else ''}"
        return Item(
            shift.start,
            shift.end,
            self.name(shift.user),
            css if shift.user is not None else "is-gap",
            f"{self.name(shift.user)}, {shift.role.label}",
            self.when(shift.start, shift.end),
            oncall.why(self.roster, shift.source) if shift.user is not None else "A gap",
            href,
            (shift.source.why, shift.source.id) if shift.source else None,
        )

    def _layer(self, layer: Layer) -> Row:
        name = self.roster.layer_names.get(layer.key, "")
        shifts = grid.joined(
            rota.shifts_of_layer(self.roster.plan, layer.key, self.since, self.until)
        )
        href = f"{self.links.get('layers', '')}#{layer.key[0].value}-{layer.key[1]}"
        items = [
            Item(
                shift.start,
                shift.end,
                self.name(shift.user),
                self.colour(shift.user) if shift.user is not None else "is-empty",
                f"{self.name(shift.user)}, {shift.role.label}",
                self.when(shift.start, shift.end),
                f"{layer.key[0].label} “{name}” by itself",
                href,
                shift.role,
            )
            for shift in shifts
        ]
        return self.axis.row(
            name, items, note=f"{layer.key[0].label}, rank {layer.rank}", kind="layer"
        )

    def _override(self, override: Override) -> Item:
        who, instead = self.name(override.user), self.name(override.replaces)
        named = override.replaces is not None
        text, sentence = {
            Change.REPLACE: (
                who,
                f"{who} instead of {instead if named else 'whoever it would be'}",
            ),
            Change.ADD: (f"+ {who}", f"{who} as well"),
            Change.REMOVE: (f"without {instead}", f"Without {instead}"),
        }[Change(override.kind)]
        return Item(
            override.start,
            override.end,
            text,
            f"{self.colour(override.user or override.replaces)} is-override",
            f"{sentence}, {Role(override.role).label}",
            self.when(override.start, override.end),
            oncall.why(self.roster, override.source),
            self.links.get("changes", ""),
        )

    def _away(self, away: Away) -> Item:
        covered = away.covered_by is not None
        return Item(
            away.start,
            away.end,
            self.name(away.user),
            "is-away",
            f"{self.name(away.user)} is away",
            self.when(away.start, away.end),
            f"{self.name(away.covered_by)} covers" if covered else "Nobody covers",
            self.links.get("changes", ""),
        )


def moment(at: datetime, zone: tzinfo) -> str:
    """Return "Mon 5 Jan, 09:00"."""
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b}, {here:%H:%M}"


def people_of(roster: Roster) -> set[int]:
    """Return everybody whose name a picture of the roster may need."""
    plan = roster.plan
    named = {override.replaces for override in plan.overrides}
    named |= {away.user for away in plan.away}
    return plan.people | {user for user in named if user is not None}


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()
