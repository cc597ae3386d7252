"""What a layer says at an instant, and why somebody is on call: what all layers share. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from schedules.states import Role, Why

ROLES = (Role.PRIMARY, Role.SECONDARY)
FAR = datetime.max.replace(tzinfo=UTC)
Key = tuple[Why, int]


class Source(NamedTuple):
    """Why somebody is on call: a layer and its turn, or a change over it, or membership (id 0)."""

    why: Why
    id: int = 0
    turn: int = 0


class Post(NamedTuple):
    """What one layer says at an instant: who has which role. Nobody named: nobody has it."""

    source: Source
    primary: tuple[int, ...] = ()
    secondary: tuple[int, ...] = ()
    on_duty: bool = True
    """Whether these are its hours; an empty turn is on duty, too."""
    hides: bool = False
    """Nobody on purpose: lower ranks are covered although nobody is named."""

    def people(self, role: Role) -> tuple[int, ...]:
        """Return who has the role, in order."""
        return self.primary if role == Role.PRIMARY else self.secondary


Change = tuple[datetime, Post | None]


class Layer(Protocol):
    """A rotation, a fixed shift, an imported calendar: asked in the same two ways.

    None says that it is not in force: it has not begun, or it is over.
    """

    @property
    def key(self) -> Key: ...

    @property
    def rank(self) -> int: ...

    @property
    def roles(self) -> tuple[Role, ...]: ...

    @property
    def speaks(self) -> bool:
        """Whether there is anything in it at all."""
        ...

    def post_at(self, at: datetime) -> Post | None:
        """Return what it says at `at` (UTC)."""
        ...

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield what it says from `since` (UTC) on, and then each change before `until`."""
        ...


def merged(changes: Iterator[Change]) -> Iterator[Change]:
    """Leave out changes that change nothing, and those that last for no time."""
    pending: Change | None = None
    said: list[Post | None] = []
    for change in changes:
        lasts = pending is not None and pending[0] < change[0]
        if pending is not None and lasts and (not said or said[0] != pending[1]):
            yield pending
            said = [pending[1]]
        pending = change
    if pending is not None and (not said or said[0] != pending[1]):
        yield pending
