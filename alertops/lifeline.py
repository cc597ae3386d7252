"""How the processes of one `serve` hang together: nobody outlives the parent, everybody can ask
whether the house is closing."""

import ctypes
import mmap
import os
import signal
import struct
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None)
_closing = mmap.mmap(-1, 1)  # anonymous and shared: forked children see the same byte
_parent = 0
_PULSE = struct.Struct("d")
_pulse: "Pulse | None" = None


class Pulse:
    """One child's last sign of life (monotonic seconds), seen by the parent it was forked from."""

    def __init__(self) -> None:
        self._place = mmap.mmap(-1, _PULSE.size)

    def beat(self) -> None:
        """Note a sign of life now."""
        _PULSE.pack_into(self._place, 0, time.monotonic())

    def age(self) -> float:
        """Seconds since the last sign of life."""
        (at,) = _PULSE.unpack_from(self._place, 0)
        return time.monotonic() - float(at)

    def wear(self) -> None:
        """Make it this process's own: `beat` of this module goes there."""
        global _pulse
        _pulse = self


def beat() -> None:
    """Tell the supervisor that this process is not stuck. Nothing where nobody watches."""
    if _pulse is not None:
        _pulse.beat()


def closing() -> bool:
    """Say whether the supervisor is stopping: a long task should end at its next safe point."""
    return _closing[0] != 0


def announce_closing() -> None:
    """Tell every descendant that the house is closing (the supervisor only)."""
    _closing[0] = 1


def open_again() -> None:
    """Take the announcement back: a supervisor starts anew (tests start several)."""
    _closing[0] = 0


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that it gets buried."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def tie(parent: int) -> None:
    """Be killed by the kernel when `parent` dies, whatever it dies of. Linux only; elsewhere the
    next start cleans up."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os.kill(os.getpid(), signal.SIGKILL)


def tie_descendants() -> None:
    """Tie every process forked from now on to the process that forks it, to any depth.

    Programs started through `subprocess` are not forked by Python and stay free.
    """
    os.register_at_fork(before=_note_parent, after_in_child=_tie_to_parent)


def _note_parent() -> None:
    global _parent
    _parent = os.getpid()


def _tie_to_parent() -> None:
    tie(_parent)
