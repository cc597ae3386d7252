"""Whose database is this? A copy of it must not page the people of the original (ADR 0009).

Compared are the host name of PUBLIC_URL, which is what an installation *is* to everybody outside,
and the place of the database. Only both together hold the house, because each alone changes in
ordinary operation: a moved or restored database keeps its address, a renamed installation keeps its
database. Keys, hosts, containers, ports and releases are not compared at all.

A copy that was started under the original's own name is found out by asking that name: where a
living twin answers (`echo`), this database is the copy, and waits until the twin is gone.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Max

from alertops import echo, fence
from alertops.echo import Answer, Echo
from alertops.models import House, LoopBeat

logger = logging.getLogger(__name__)

LONG_SILENT = timedelta(hours=1)
"""A renamed installation was running just now; a backup or a snapshot is older than this."""
BREATH = 2.5
"""Seconds in which a living loop shows a heartbeat: then this is the database itself, no copy."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What tells installations apart."""

    public_url: str
    place: str

    @property
    def name(self) -> str:
        return (urlsplit(self.public_url).hostname or "").lower()

    @property
    def is_local(self) -> bool:
        """Only its own machine could reach it: it has never been anybody's pager."""
        return self.name.endswith("localhost") or self.name.startswith("127.") or self.name == "::1"


@dataclass(frozen=True, slots=True)
class Signs:
    """How the database was found."""

    silent: timedelta | None
    """How long no loop has shown a sign of life; None: none ever has."""
    alive: bool = False
    """Loops show them at this moment."""
    held: bool = False
    """It was taken for a copy before."""
    twin: bool = False
    """A living installation with our origin, on another database, answers at our address."""


RESTART = timedelta(minutes=1)
"""Shorter than this, nobody can have made a copy and served it."""
ASK_AGAIN = 15.0


class Verdict(Enum):
    SAME = "same"
    FIRST = "first"
    MOVED = "moved"
    RENAMED = "renamed"
    NEIGHBOUR = "neighbour"
    """Another host of the living house, told a different PUBLIC_URL."""
    TWIN = "twin"
    """The original lives and answers at our address: this is the copy, or not yet its successor."""
    STRANGER = "stranger"
    """Probably a copy: nothing may leave until somebody says otherwise."""


def judge(stored: Trace, found: Trace, signs: Signs) -> Verdict:
    """Compare what the database remembers with what is here. Pure."""
    if not stored.public_url:
        return Verdict.FIRST
    if stored.name == found.name:
        if signs.twin:
            return Verdict.TWIN
        return Verdict.SAME if stored.place == found.place else Verdict.MOVED
    if signs.alive:
        return Verdict.NEIGHBOUR
    if signs.held:
        return Verdict.STRANGER
    if signs.silent is None or stored.is_local:  # still being set up: nobody relied on it
        return Verdict.RENAMED
    if stored.place != found.place or signs.silent > LONG_SILENT:
        return Verdict.STRANGER
    return Verdict.RENAMED


def settle(now: datetime) -> Verdict:
    """At every start, before any loop: remember who we are, or hold the house. Never raises."""
    try:
        found = here()
        stored = _stored()
        beat = LoopBeat.objects.aggregate(last=Max("beat_at"))["last"]
        silent = now - beat if beat else None
        renamed = bool(stored.public_url) and stored.name != found.name
        signs = Signs(
            silent=silent,
            alive=renamed and _breathes(beat),
            held=bool(held()),
            twin=not renamed and _has_twin(found, silent),
        )
        verdict = judge(stored, found, signs)
        _write(verdict, stored, found, now)
    except Error:
        logger.exception("Whose database this is could not be asked; it is taken for ours")
        return Verdict.SAME
    return verdict


def here() -> Trace:
    """This installation and where its database is."""
    return Trace(settings.PUBLIC_URL, _place())


def held() -> str:
    """Why nothing is sent; "" while the house is not held."""
    row = House.objects.filter(held_at__isnull=False).values_list("held_reason", flat=True).first()
    return row or ""


@transaction.atomic
def adopt(now: datetime) -> None:
    """An operator says: this database is ours, whatever it remembers. Paging begins at once."""
    found = here()
    House.objects.update(
        engine_version=fence.ENGINE,
        engine_since=now,
        public_url=found.public_url,
        place=found.place,
        held_at=None,
        held_reason="",
        held_for_twin=False,
    )
    logger.warning("The database was adopted by %s at %s", found.public_url, now.isoformat())


def _stored() -> Trace:
    row = House.objects.values_list("public_url", "place").first()
    return Trace(*row) if row else Trace("", "")


def _breathes(last: datetime | None) -> bool:
    """Watch for a moment whether any heartbeat moves: a copy's stand still."""
    if last is None:
        return False
    time.sleep(BREATH)
    return LoopBeat.objects.filter(beat_at__gt=last).exists()


def _has_twin(found: Trace, silent: timedelta | None) -> bool:
    """Ask our own address, unless this is an ordinary restart or nobody could reach it anyhow."""
    if found.is_local or silent is None or silent < RESTART:
        return False
    return echo.listen(found.public_url).answer is Answer.TWIN


def reconsider(heard: Echo, now: datetime) -> None:
    """A house held for its twin is let go when the twin no longer answers there."""
    if heard.answer is Answer.TWIN:
        return
    freed = House.objects.filter(held_at__isnull=False, held_for_twin=True).update(
        held_at=None, held_reason="", held_for_twin=False
    )
    if freed:
        logger.warning("The other copy is gone since %s: people are paged from here", now)


def _write(verdict: Verdict, stored: Trace, found: Trace, now: datetime) -> None:
    house = House.objects.all()
    if verdict is Verdict.NEIGHBOUR:
        logger.error(
            "PUBLIC_URL is %s here, and %s where this installation is running already: links and "
            "callbacks of the two will differ",
            found.public_url,
            stored.public_url,
        )
    elif verdict in (Verdict.STRANGER, Verdict.TWIN):
        is_twin = verdict is Verdict.TWIN
        reason = _twin_reason(found) if is_twin else _reason(stored, found)
        house.filter(held_at=None).update(held_at=now)
        house.update(held_reason=reason, held_for_twin=is_twin)
        logger.critical("%s", reason)
    else:
        if verdict in (Verdict.MOVED, Verdict.RENAMED):
            logger.warning("%s: from %s to %s", verdict.value.capitalize(), stored, found)
        house.update(public_url=found.public_url, place=found.place, held_at=None, held_reason="")
        house.update(held_for_twin=False)


def _twin_reason(found: Trace) -> str:
    return (
        f"At {found.public_url} another living copy of this installation answers, so nobody is "
        "paged from this one until that one is gone. If both shall page, run: manage.py adopt --yes"
    )


def _reason(stored: Trace, found: Trace) -> str:
    return (
        f"This database was last served as {stored.public_url}, and here it is "
        f"{found.public_url}: it looks like a copy, so nobody is paged from it. If it is the real "
        "one, run: manage.py adopt --yes"
    )


def _place() -> str:
    """Which database, on which server. A copy has at least one of these otherwise."""
    entry = connection.settings_dict
    parts = [str(entry["HOST"]), str(entry["PORT"]), str(entry["NAME"]), _server()]
    if settings.EMBEDDED_DATABASE:
        parts[0] = f"{settings.VAR_DIR}#{_inode(settings.VAR_DIR)}"
    return " ".join(parts)


def _server() -> str:
    """PostgreSQL's own number, made when its data directory was; "" where we may not ask."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            return str(cursor.fetchone()[0])
    except Error:
        return ""


def _inode(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError:
        return 0
