"""Process groups by name. The supervisor keeps `var/run/<name>.pid` for each of its children:
the group's number, and the leader's start time so that a number given to somebody else since is
never taken for ours. Anybody may `kill` a group; the supervisor starts it again."""

import fcntl
import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def path(run_dir: Path, name: str) -> Path:
    """Return the pid file of the group `name`."""
    return run_dir / f"{name}.pid"


def record(run_dir: Path, name: str, pgid: int) -> None:
    """Write the pid file of a group whose leader has just started."""
    fresh = path(run_dir, name).with_suffix(f".{os.getpid()}")
    fresh.write_text(f"{pgid} {_started(pgid) or 0}\n", encoding="ascii")
    fresh.replace(path(run_dir, name))


def forget(run_dir: Path, name: str) -> None:
    """Remove the pid file."""
    path(run_dir, name).unlink(missing_ok=True)


def pgid(run_dir: Path, name: str) -> int | None:
    """Return the number of the living group `name`; None when it is gone or was never there."""
    try:
        number, started = map(int, path(run_dir, name).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    if number <= 1 or _started(number) not in {None, started} or not is_alive(number):
        return None
    return number


def kill(run_dir: Path, name: str) -> bool:
    """Kill the whole group `name` at once, leader and orphans. False when there is none.

    The supervisor sees it and starts the group again.
    """
    number = pgid(run_dir, name)
    if number is None:
        return False
    kill_group(number)
    return True


def kill_group(number: int, *, patience: float = 2.0) -> None:
    """Kill the group and wait until nothing of it runs."""
    ends = time.monotonic() + patience
    while is_alive(number) and time.monotonic() < ends:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(number, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-number, os.WNOHANG)
        time.sleep(0.01)


def is_alive(number: int) -> bool:
    """Say whether any process of the group runs. The dead whom nobody has buried do not count."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    states = [stat for stat in map(_stat, _pids()) if stat and int(stat[2]) == number]
    return not states or any(stat[0] not in {"Z", "X"} for stat in states)


def claim(run_dir: Path, name: str) -> int | None:
    """Return a handle that holds the name for us until it is closed; None: another holds it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(run_dir / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def runs(pid: int) -> bool:
    """Say whether the process runs. One that died and was not yet waited for does not."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    stat = _stat(pid)
    return stat is None or stat[0] not in {"Z", "X"}


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working folder this is."""
    found, folder = [], folder.resolve()
    for pid in _pids():
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() == folder:
                found.append(pid)
    return found


def _started(pid: int) -> int | None:
    """Return when `pid` started, in the kernel's ticks; None when it is gone or cannot be told."""
    stat = _stat(pid)
    return int(stat[19]) if stat else None


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return []


def _stat(pid: int) -> list[str] | None:
    """Return the kernel's facts on a process, from its state on; None when there are none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
