"""The embedded PostgreSQL: started when DATABASE_URL is unset, shared by every process.

Starting is idempotent and takes a lock. The server runs in a session of its own, so the
terminal's Ctrl-C does not reach it, and it outlives whoever started it. fsync stays on. Whether
one is alive is answered by a lock its processes hold, never by a process number, which may be
somebody else's after a restart of the machine or container.
"""

import fcntl
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from alertops import embedded_place, process_groups
from alertops.embedded_place import Place, Unavailable, find

logger = logging.getLogger(__name__)

DATABASE = "alertops"
SOCKET = ".s.PGSQL.5432"
MAX_LOG_BYTES = 10_000_000
LEFTOVERS_AFTER = 5.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # statements carry people's data: never in the log
    "jit": "off",
    # While the statistics of a table are taken, its dead rows stay in the way of every look at the
    # queues in it. So this must be over soon: no rests.
    "autovacuum_vacuum_cost_delay": "0",
}


def ensure_running(var_dir: Path) -> Place:
    """Return the place of the running server, starting it (and making it) where needed.

    Safe from many processes at once. Raises Unavailable with one sentence where it cannot start.
    """
    place = find(var_dir)
    if is_ready(place):
        return place
    user = embedded_place.owner(place)
    _make_home(place, user)
    with _locked(place.start_lock):
        embedded_place.record(place)
        while not is_ready(place):
            _start(place, user)
    return place


def is_up(var_dir: Path) -> bool:
    """Say whether the server runs, ready or not yet. Costs it nothing."""
    return _status(find(var_dir)) is not None


def is_ready(place: Place) -> bool:
    """Say whether the server accepts connections now."""
    return _status(place) == "ready" and _answers(place)


def stop(place: Place, *, patience: float = 20.0) -> None:
    """Stop the server: politely, then at once, then by force. Does nothing when it is down."""
    if not Path(place.home).exists():
        return
    with _locked(place.start_lock):
        for sign, wait in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if _free(place, 0.0):
                return
            _signal(place, sign)
            if _free(place, wait):
                return
        _kill_leftovers(place)


def _signal(place: Place, sign: signal.Signals) -> None:
    """Send a signal to the postmaster, and to nobody else who may have its number by now."""
    with suppress(OSError, ValueError, IndexError):
        pid = int(place.data.joinpath("postmaster.pid").read_text(encoding="utf-8").split()[0])
        if pid in process_groups.working_in(place.data) or sys.platform != "linux":
            os.kill(pid, sign)


def is_used(place: Place) -> bool:
    """Say whether anybody but the caller's process is connected."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    try:
        with psycopg.connect(place.url, dbname="postgres", connect_timeout=2) as connection:
            row = connection.execute(query).fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] > 1


def _make_home(place: Place, user: pwd.struct_passwd | None) -> None:
    """Make the folders. Those of the server's user hold nothing that we open for writing."""
    home, socket_dir = Path(place.home), Path(place.socket_dir)
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    socket_dir.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if user is not None:  # whatever umask root has, the server's user must get through
        for folder in {home, home.parent, socket_dir.parent} & {home, embedded_place.SHARED_HOME}:
            folder.chmod(0o755)
    _make_folder(socket_dir, user)
    if socket_dir.stat().st_uid != (user.pw_uid if user else os.geteuid()):
        raise Unavailable(f"{socket_dir} belongs to somebody else: remove it or set DATABASE_URL.")


def _make_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink():
        raise Unavailable(f"{folder} is a link: remove it or set DATABASE_URL.")
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _start(place: Place, user: pwd.struct_passwd | None) -> None:
    """Start the server unless one is alive; return when it is ready, or gone and worth a retry."""
    life = os.open(place.life_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(life, LEFTOVERS_AFTER, place):
            if _status(place) is None:  # a backend outlived its postmaster
                _kill_leftovers(place)
            return
        programs = embedded_place.binaries(place, user)
        _init(place, user, programs)
        place.data.joinpath("postmaster.pid").unlink(missing_ok=True)  # nobody alive: it is stale
        server = _spawn(place, user, programs, life)
    finally:
        os.close(life)
    while not is_ready(place):
        if server.poll() is not None:
            raise Unavailable(f"The embedded PostgreSQL did not start: {_last_words(place)}")
        time.sleep(0.02)
    _create_database(place)


def _spawn(
    place: Place, user: pwd.struct_passwd | None, programs: Path, life: int
) -> subprocess.Popen[bytes]:
    log = place.log
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".old"))
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        return subprocess.Popen(
            [programs / "postgres", "-D", place.data, "-k", place.socket_dir, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[life],
            cwd=place.home,
            env=embedded_place.environment(),
            **embedded_place.identity(user),
        )


def _init(place: Place, user: pwd.struct_passwd | None, programs: Path) -> None:
    """Make the data folder: aside, then renamed, so a half-made one is never taken for whole."""
    if place.data.joinpath("PG_VERSION").exists():
        _check_version(place)
        return
    fresh = place.data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _make_folder(fresh, user)
    done = subprocess.run(
        [
            programs / "initdb",
            "--pgdata",
            fresh,
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        cwd=place.home,
        env=embedded_place.environment(),
        capture_output=True,
        text=True,
        check=False,
        **embedded_place.identity(user),
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"The embedded PostgreSQL could not make {place.data}: {reason}")
    fresh.rename(place.data)


def _check_version(place: Place) -> None:
    version = place.data.joinpath("PG_VERSION").read_text(encoding="ascii").strip()
    if version != str(embedded_place.VERSION):
        raise Unavailable(
            f"{place.data} was made by PostgreSQL {version}, this is {embedded_place.VERSION}."
        )


def _create_database(place: Place) -> None:
    with psycopg.connect(place.url, dbname="postgres", autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _status(place: Place) -> str | None:
    """What the living postmaster says of itself ("starting", "ready", ...); None: it is gone."""
    try:
        lines = place.data.joinpath("postmaster.pid").read_text(encoding="utf-8").splitlines()
        alive = process_groups.runs(int(lines[0]))
    except (OSError, ValueError, IndexError):
        return None
    if not alive:
        return None
    return lines[7].strip() if len(lines) > 7 else "starting"


def _answers(place: Place) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(f"{place.socket_dir}/{SOCKET}")
        except OSError:
            return False
    return True


def _take(life: int, patience: float, place: Place) -> bool:
    """Take the lock of life; False when somebody else is ready, or holds it for too long."""
    ends = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(life, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if is_ready(place) or time.monotonic() > ends:
            return False
        time.sleep(0.05)


def _free(place: Place, patience: float) -> bool:
    """Say whether every process of the server is gone, waiting for it up to `patience`."""
    ends = time.monotonic() + patience
    with suppress(FileNotFoundError), place.life_lock.open("r+b") as handle:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            if time.monotonic() > ends:
                return False
            time.sleep(0.02)
    return True


def _kill_leftovers(place: Place) -> None:
    """Kill backends that outlived their postmaster: they still hold its shared memory."""
    for pid in process_groups.working_in(place.data):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _last_words(place: Place) -> str:
    with suppress(OSError):
        lines = place.log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.split(": ", 1)[-1].strip() for line in lines[-20:] if "FATAL" in line]
        return said[-1] if said else f"see {place.log}"
    return f"see {place.log}"


@contextmanager
def while_needed(var_dir: Path) -> Iterator[Place]:
    """Have the server running inside; afterwards stop it if we started it and nobody uses it."""
    was_ready = is_ready(find(var_dir))
    place = ensure_running(var_dir)
    try:
        yield place
    finally:
        if not was_ready and not is_used(place):
            stop(place)
