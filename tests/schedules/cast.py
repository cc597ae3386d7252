# ruff: noqa: DTZ001 - a wall time has no zone
"""Ann, Bob, Cy and Dee take turns: rotations, overrides and dates for the pure tests."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schedules.resolver import Override, Plan, Rotation, on_call
from schedules.states import Role, Unit

BERLIN = ZoneInfo("Europe/Berlin")
ANN, BOB, CY, DEE = 1, 2, 3, 4

CHANGES = [  # zone, the local day on which the clocks change
    ("Europe/Berlin", datetime(2026, 3, 29)),
    ("Europe/Berlin", datetime(2026, 10, 25)),
    ("America/New_York", datetime(2026, 3, 8)),
    ("America/New_York", datetime(2026, 11, 1)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5)),
    ("Australia/Lord_Howe", datetime(2026, 10, 4)),
    ("Asia/Kathmandu", datetime(1986, 1, 1)),
    ("Asia/Kathmandu", datetime(2026, 5, 1)),
    ("America/Sao_Paulo", datetime(2018, 11, 4)),
    ("America/Sao_Paulo", datetime(2018, 2, 18)),
    ("Africa/Casablanca", datetime(2026, 2, 15)),
    ("Africa/Casablanca", datetime(2026, 3, 22)),
    ("Pacific/Apia", datetime(2011, 12, 30)),
]
TURNS = [
    *[(Unit.HOUR, count) for count in (1, 8, 12)],
    *[(Unit.DAY, count) for count in (1, 3)],
    (Unit.WEEK, 1),
]
HANDOFFS = ["00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "09:00"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rotation(*members: int | None, starts: str = "2026-01-05 09:00", **fields: object) -> Rotation:
    plain: dict[str, object] = {"id": 1, "zone": BERLIN, "unit": Unit.WEEK, "count": 1}
    plain |= {"starts": datetime.fromisoformat(starts), "members": members} | fields
    return Rotation(**plain)  # type: ignore[arg-type]


def override(number: int, user: int, replaces: int | None = None, **fields: object) -> Override:
    plain: dict[str, object] = {"role": Role.PRIMARY}
    plain |= {"start": utc("2026-01-01"), "end": utc("2027-01-01")}
    return Override(id=number, user=user, replaces=replaces, **(plain | fields))  # type: ignore[arg-type]


def people(plan: Plan, at: str | datetime, role: Role = Role.PRIMARY) -> list[int]:
    instant = utc(at) if isinstance(at, str) else at
    return [duty.user for duty in on_call(plan, instant) if duty.role == role]
