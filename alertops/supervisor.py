"""Keeps the children of `manage.py serve` alive: web, worker (the django-q2 cluster), watchdog.

Each child leads a session and process group of its own. When a leader ends, for whatever reason
and with whatever exit code, its whole group is killed and the child started again, after 0.2 s
and up to 5 s when it keeps dying. A group may be killed from outside (see `process_groups`).
Children are forked from this process, so they share its memory; it therefore holds no database
connection and no thread. A child may promise to beat (`lifeline.beat`): one that hangs instead is
killed like a dead one, so that whatever it held in its hands is free for others.
"""

import gc
import logging
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import setproctitle

from alertops import lifeline, process_groups

logger = logging.getLogger(__name__)

BACK_OFF = (0.2, 5.0)
STEADY = 10.0
"""Seconds a child must have run for its next death to count as the first."""
GRACE = 5.0
"""Seconds the children have to end by themselves when the house closes."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RARELY = (20_000, 20, 20)
"""Thresholds of the garbage collector for all children. Nearly all they make is freed without it;
at its own thresholds it took a third of the engine's time in a storm."""


class AlreadyRunning(Exception):
    """Another supervisor looks after this child in this installation."""


@dataclass
class Child:
    """One supervised process group and what it runs; `main` may return, that counts as a death."""

    name: str
    main: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    back_off: float = BACK_OFF[0]
    patience: float = math.inf
    """Seconds it may go without a beat before it counts as stuck; infinite: it never beats."""
    pulse: lifeline.Pulse = field(default_factory=lifeline.Pulse)


@dataclass
class Supervisor:
    """Runs `children` until told to stop. `look` is called about once a second."""

    run_dir: Path
    children: list[Child]
    look: Callable[[], None] = lambda: None
    stops: int = 0
    _claims: list[int] = field(default_factory=list)
    _wake: tuple[int, int] = (-1, -1)

    def claim(self) -> None:
        """Become the only supervisor of these children; clear away what an earlier one left.

        Raises AlreadyRunning.
        """
        for child in self.children:
            handle = process_groups.claim(self.run_dir, child.name)
            if handle is None:
                raise AlreadyRunning(
                    f"{child.name} is already being served from {self.run_dir.parent}."
                )
            self._claims.append(handle)
            if process_groups.kill(self.run_dir, child.name):
                logger.warning("Killed what an earlier run left of %s", child.name)

    def run(self) -> None:
        """Supervise until a stop signal; return when every child's group is gone."""
        self._listen()
        lifeline.open_again()
        gc.collect()
        gc.freeze()  # what the children share is never written by the collector
        gc.set_threshold(*RARELY)
        while not self.stops:
            self._bury()
            self._free_the_stuck()
            self._start_due()
            self.look()
            self._sleep()
        self._close()

    def once(self, name: str, main: Callable[[], None]) -> bool:
        """Run `main` in a child to its end; True when it went well. Interruptible by a stop."""
        child = Child(name, main)
        self._listen()
        self._start(child)
        while True:
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                process_groups.kill_group(pid)
                process_groups.forget(self.run_dir, name)
                return os.waitstatus_to_exitcode(status) == 0
            if self.stops:
                process_groups.kill_group(child.pid)
                return False
            self._sleep(0.2)

    def _listen(self) -> None:
        if self._wake != (-1, -1):
            return
        lifeline.adopt_orphans()
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1

    def _sleep(self, longest: float = 1.0) -> None:
        waits = [child.due - time.monotonic() for child in self.children if not child.pid]
        wait = max(0.0, min([longest, *waits]))
        if select.select([self._wake[0]], [], [], wait)[0]:
            with suppress(BlockingIOError):
                os.read(self._wake[0], 4096)

    def _start_due(self) -> None:
        for child in self.children:
            if not child.pid and child.due <= time.monotonic():
                self._start(child)

    def _free_the_stuck(self) -> None:
        """End who hangs; `_bury` finds it dead, takes care of its group and starts another."""
        for child in self.children:
            if child.pid and child.pulse.age() > child.patience:
                logger.error("%s is stuck; ending it", child.name)
                child.pulse.beat()  # once is enough
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)

    def _start(self, child: Child) -> None:
        parent = os.getpid()
        child.pulse.beat()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be(child, parent)
        child.pid, child.started = pid, time.monotonic()
        process_groups.record(self.run_dir, child.name, pid)
        logger.info("Started %s", child.name)

    def _be(self, child: Child, parent: int) -> None:
        """Be the child. Never returns, and never runs a line of the supervisor's again."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (*STOP_SIGNALS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            for handle in (*self._wake, *self._claims):
                os.close(handle)
            lifeline.tie(parent)
            lifeline.tie_descendants()
            setproctitle.setproctitle(f"alertops {child.name}")
            child.pulse.wear()
            child.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            logger.exception("%s failed", child.name)
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _bury(self) -> None:
        """Take note of every death; kill what is left of the dead child's group."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self.children:
                if child.pid == pid:
                    self._mourn(child, os.waitstatus_to_exitcode(status))

    def _mourn(self, child: Child, code: int) -> None:
        process_groups.kill_group(child.pid)
        child.pid = 0
        if self.stops:
            return
        now = time.monotonic()
        if now - child.started > STEADY:
            child.back_off = BACK_OFF[0]
        child.due = now + child.back_off
        logger.error("%s ended (%s); starting it again in %.1f s", child.name, code, child.back_off)
        child.back_off = min(child.back_off * 2, BACK_OFF[1])

    def _close(self) -> None:
        """Let every child end by itself; a second signal, or GRACE, and they are killed."""
        logger.info("Stopping")
        lifeline.announce_closing()
        for child in self.children:
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)
        ends = time.monotonic() + GRACE
        while any(child.pid for child in self.children):
            self._bury()
            if self.stops > 1 or time.monotonic() > ends:
                break
            self._sleep(0.1)
        for child in self.children:
            if child.pid:
                logger.warning("%s did not stop in time; killed", child.name)
                process_groups.kill_group(child.pid)
            process_groups.forget(self.run_dir, child.name)
