"""The rounds of self-tests: the drill, the public address, and each provider's credentials.

Run by every watchdog in a thread of its own, so that a provider that hangs delays nothing; each
test by one host at a time (`probes`). Nothing is ever sent by them but to the built-in sink.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import Error, connections

from accounts.channels import CHANNELS
from accounts.channels.base import Channel, TryLater
from alertops import clock, drill, echo, identity, lifeline, probes
from alertops.echo import Answer
from alertops.models import Probe
from alertops.probes import Verdict

logger = logging.getLogger(__name__)

START = 20.0
"""Seconds a house has before the first."""
LOOK = 5.0
EVERY = 600.0
ADDRESS = "address"

Test = tuple[str, float, Callable[[], Verdict]]


class Tester:
    """One process's share of the self-tests."""

    def __init__(self) -> None:
        self._due = time.monotonic() + START
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Start a round when it is time and none is under way."""
        if not settings.SELF_TESTS or time.monotonic() < self._due:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._due = time.monotonic() + LOOK
        self._thread = threading.Thread(target=_round_safely, name="self-test", daemon=True)
        self._thread.start()


def _round_safely() -> None:
    try:
        round_()
    except Error as error:
        logger.warning("The self-tests lost the database: %s", type(error).__name__)
    except Exception:
        logger.exception("A self-test stumbled")
    finally:
        connections.close_all()


def round_() -> None:
    """Run what is due. A held house only asks whether it still has to be."""
    for name, every, run in tests(is_held=bool(identity.held())):
        if lifeline.closing():
            return
        if probes.claim(name, every):
            probes.settle(name, _tried(run), clock.now())


def tests(*, is_held: bool) -> list[Test]:
    """(name, seconds between two, how) of those that make sense now."""
    if is_held:
        return [(ADDRESS, identity.ASK_AGAIN, _address)]
    found: list[Test] = [(drill.NAME, drill.EVERY, drill.run), (ADDRESS, EVERY, _address)]
    if not settings.OUTBOX_ONLY:
        found += [
            (kind, EVERY, partial(_provider, channel))
            for kind, channel in CHANNELS.items()
            if not channel.configured()
        ]
    return found


def _tried(run: Callable[[], Verdict]) -> Verdict:
    began = time.monotonic()
    try:
        verdict = run()
    except Error:
        raise
    except Exception as error:  # a test that cannot run has not passed
        logger.exception("A self-test could not be run")
        verdict = Verdict(False, f"It could not be run: {type(error).__name__}.")
    taken = round(time.monotonic() - began, 4)
    return Verdict(verdict.passed, verdict.detail, verdict.seconds or taken)


def _provider(channel: Channel) -> Verdict:
    """Whether the provider takes our credentials. Asked, not tried out."""
    try:
        problem = channel.examine()
    except TryLater as error:
        return Verdict(False, f"{channel.label}: {error.reason}")
    if problem is None:
        return Verdict(None, f"{channel.label}: its provider cannot be asked.")
    return Verdict(not problem, f"{channel.label}: {problem}" if problem else "")


def _address() -> Verdict:
    """Whether PUBLIC_URL leads here. Where it never has, it may just not be reachable from here."""
    heard = echo.listen(settings.PUBLIC_URL)
    identity.reconsider(heard, clock.now())
    if heard.answer is Answer.OURS:
        return Verdict(True)
    if heard.answer is Answer.NOBODY:
        worked = Probe.objects.filter(name=ADDRESS, passed_at__isnull=False).exists()
        return Verdict(False if worked or "certificate" in heard.detail else None, heard.detail)
    return Verdict(False, heard.detail)
