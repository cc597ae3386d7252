"""The rule before an edit, kept until the next hand-off: a rotation as JSON. Pure.

Whoever has the turn keeps it until it is over; only then does the new rule begin. What is kept is
what the resolver asks for, by plain names, so that an older row reads the same in a newer release.
"""

from typing import Any

FIELDS = ("unit", "count", "fills", "rank", "people_at_once", "advance", "on_holidays")


def frozen(
    facts: dict[str, Any],
    *,
    starts: str,
    ends: str | None,
    holidays: int | None,
    windows: list[list[int]],
    places: list[list[Any]],
) -> dict[str, Any]:
    """Return what `Rotation.outgoing` keeps: `facts` are its FIELDS, wall times are ISO 8601,
    `places` are [user or None, joins_on or None, leaves_on or None] in their order."""
    kept = {name: facts[name] for name in FIELDS}
    return {
        **kept,
        "starts": starts,
        "ends": ends,
        "holidays": holidays,
        "windows": windows,
        "places": places,
    }
