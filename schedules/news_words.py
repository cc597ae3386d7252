"""What people are told about their shifts, in their own time zone. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from schedules.states import Role

Piece = tuple[str, str, str]
"""Role, start, end as a ShiftChange keeps them."""
MOST = 10


def stretch(start: datetime, end: datetime, zone: tzinfo) -> str:
    """Say from when to when, the day said once where it is the same."""
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    same = begins.date() == ends.date()
    until = f"{ends:%H:%M}" if same else _at(ends)
    return f"{_at(begins)} to {until} ({ends.tzname()})"


def pieces(found: Iterable[Piece], zone: tzinfo) -> list[str]:
    """Return a line for each, and one for what is left out."""
    every = list(found)
    lines = [
        f"  {Role(role).label}, "
        f"{stretch(datetime.fromisoformat(start), datetime.fromisoformat(end), zone)}"
        for role, start, end in every[:MOST]
    ]
    if len(every) > MOST:
        lines.append(f"  and {len(every) - MOST} more")
    return lines


def net(
    changes: Sequence[tuple[Iterable[Sequence[str]], Iterable[Sequence[str]]]], now: datetime
) -> tuple[list[Piece], list[Piece]]:
    """Return (gained, lost) over several changes: what came and went again is not told, nor is
    what is over."""
    gained: dict[Piece, None] = {}
    lost: dict[Piece, None] = {}
    for came, went in changes:
        for mine, theirs, found in ((gained, lost, came), (lost, gained, went)):
            for role, start, end in found:
                piece = (role, start, end)
                if piece in theirs:
                    del theirs[piece]
                else:
                    mine[piece] = None
    return _ahead(gained, now), _ahead(lost, now)


def _ahead(found: Iterable[Piece], now: datetime) -> list[Piece]:
    ahead = [piece for piece in found if datetime.fromisoformat(piece[2]) > now]
    return sorted(ahead, key=lambda piece: (datetime.fromisoformat(piece[1]), piece[0]))


def _at(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b} {wall:%H:%M}"
