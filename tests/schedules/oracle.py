"""A second opinion on who is on call, changes and all, sharing nothing with the resolver.

It reads the plan's fields and calls none of its methods.
"""

from datetime import datetime
from typing import Any

from tests.schedules.oracle_layers import Layer

Named = tuple[int, str, int]  # who, why, the id of what says so


class Oracle:
    """A whole plan, asked at any instant from `since` up to `until`."""

    def __init__(self, plan: Any, since: datetime, until: datetime) -> None:
        self.plan = plan
        things = [*plan.rotations, *plan.fixed, *plan.imported]
        self.layers = [Layer(thing, since, until) for thing in things]
        self.layers.sort(key=lambda layer: -layer.thing.rank)

    def on_call(self, at: datetime, role: str) -> list[Named]:
        """Return who is on call as `role`, in order, and why."""
        plan = self.plan
        for window in plan.temporary:
            if window.start <= at < window.end:
                named = [
                    (who, "temporary", window.id)
                    for r, who, start, end in window.shifts
                    if r == role and start <= at < end
                ]
                return once(self.follow(each, [], at) for each in named)
        live = [o for o in plan.overrides if o.start <= at < o.end and o.role == role]
        live.sort(key=lambda o: o.id)
        return self.changed(self.below(at, role, live), live, None, at)

    def below(self, at: datetime, role: str, live: list[Any]) -> list[Named]:
        in_force = False
        for rank in sorted({layer.thing.rank for layer in self.layers}, reverse=True):
            found: list[Named] = []
            hidden = False
            for layer in [each for each in self.layers if each.thing.rank == rank]:
                is_in_force, on_duty, named, hides = layer.says(at, role)
                in_force, hidden = in_force or is_in_force, hidden or hides
                key = (layer.why, layer.thing.id)
                people = [(who, *key) for who in named]
                served = once(self.follow(each, scope(live, key), at) for each in people)
                found += self.changed(served, live, key, at) if on_duty else served
            if found or hidden:
                return once(found)
        return [] if in_force else self.members(at, role, live)

    def members(self, at: datetime, role: str, live: list[Any]) -> list[Named]:
        plan, whole = self.plan, scope(live, None)
        if not plan.in_order:
            named = [(who, "member", 0) for who in plan.standing.get(role, ())]
            return once(self.follow(each, whole, at) for each in named)
        first = {who for who, _, _ in self.on_call(at, "primary")} if role == "secondary" else set()
        for who in plan.in_order:
            serves = self.follow((who, "member", 0), whole, at)
            if serves is not None and serves[0] not in first:
                return [serves]
        return []

    def changed(self, found: list[Named], live: list[Any], key: Any, at: datetime) -> list[Named]:
        """Put in force what one scope (a layer, or None for all) says of everybody."""
        edges = scope(live, key)
        for o in reversed([o for o in live if o.layer == key]):
            if o.kind == "replace" and o.replaces is None:
                serves = self.follow((o.user, *reason(o)), edges, at)
                if serves is not None:
                    found = [serves]
                    break
        adds = [o for o in live if o.layer == key and o.kind == "add"]
        more = [self.follow((o.user, *reason(o)), edges, at) for o in adds]
        return once([*found, *more])

    def follow(self, named: Named, edges: list[Any], at: datetime) -> Named | None:
        """Go from somebody to whoever serves instead; an exchange is one hop for everybody."""
        path: list[Named] = [named]
        while True:
            named_overrides = [o for o in edges if o.replaces == path[-1][0]]
            if named_overrides:
                o = named_overrides[-1]
                step = (o.user, *reason(o))
            elif (off := self.off(path[-1][0], at)) is not None:
                step = (off.covered_by, "time_off", off.id)
            else:
                return path[-1]
            if step[0] is None:
                return None
            if step[0] in [who for who, _, _ in path]:
                path.append(step)
                break
            path.append(step)
        if not edges:  # a circle of people who are all away
            return None
        serves, seen = path[1], [path[1][0]]
        while (off := self.off(serves[0], at)) is not None:
            if off.covered_by is None or off.covered_by in seen:
                return None
            serves = (off.covered_by, "time_off", off.id)
            seen.append(serves[0])
        return serves

    def off(self, who: int, at: datetime) -> Any:
        mine = [a for a in self.plan.away if a.user == who and a.start <= at < a.end]
        return max(mine, key=lambda a: (not a.is_everywhere, a.id), default=None)


def reason(override: Any) -> tuple[str, int]:
    if override.swap is not None:
        return "swap", override.swap
    return "override", override.id


def scope(live: list[Any], key: Any) -> list[Any]:
    """Return the overrides that name somebody, of the whole schedule and of one layer."""
    return [o for o in live if o.replaces is not None and o.layer in (None, key)]


def once(named: Any) -> list[Named]:
    found: dict[int, Named] = {}
    for each in named:
        if each is not None:
            found.setdefault(each[0], each)
    return list(found.values())
