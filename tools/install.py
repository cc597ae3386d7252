"""Sets up what `make run` and `make test` need, with nothing but Python's own library.

    python tools/install.py LOCK        a virtual environment with exactly the packages of LOCK
    python tools/install.py --system    Chromium, Prometheus, Zabbix, calendar and mail clients

Packages are pinned by hash. uv fetches them where it can be had, pip otherwise.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ALERTMANAGER, PROMETHEUS, ZABBIX = VENV / "alertmanager", VENV / "prometheus", VENV / "zabbix"
SWAKS = VENV / "swaks"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CALENDAR_CLIENTS = ("vdirsyncer", "khal")


def main() -> int:
    """Do what the command line says."""
    if sys.argv[1:] == ["--system"]:
        return system_packages()
    if len(sys.argv) != 2:
        return fail(__doc__)
    return environment() or packages(Path(sys.argv[1]))


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


def run(*command: str | Path, quiet: bool = False) -> bool:
    """Run a command; say whether it went well."""
    sink = subprocess.DEVNULL if quiet else None
    try:
        return (
            subprocess.run(command, check=False, stdout=sink, stderr=sink, cwd=ROOT).returncode == 0
        )
    except OSError:
        return False


def environment() -> int:
    """Make `.venv` with pip in it. Debian keeps the means for that in a package of its own."""
    if run(PYTHON, "-m", "pip", "--version", quiet=True):
        return 0
    say("Making the virtual environment")
    make = [sys.executable, "-m", "venv", "--clear", VENV]
    if run(*make, quiet=True):
        return 0
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if install(version) and run(*make):
        return 0
    return fail(f"Python's venv module is missing. Install it: apt-get install {version}")


def packages(lock: Path) -> int:
    """Install the lock's packages: by uv, or by pip where uv cannot be had or cannot fetch."""
    say(f"Installing the packages of {lock.name}")
    uv = VENV / "bin" / "uv"
    pip = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    if uv.exists() or run(*pip, "-r", ROOT / "requirements-uv.lock"):
        os.environ.setdefault("UV_HTTP_TIMEOUT", "60")
        os.environ.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does, for companies' proxies
        if run(uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock):
            return 0
        say("uv could not; trying pip")
    return 0 if run(*pip, "-r", lock) else fail("The packages could not be installed.")


def system_packages() -> int:
    """Have a browser, Prometheus, its Alertmanager, a mail client and two calendar clients.

    None is needed to run AlertOps, only to test it. What runs Zabbix's scripts may be missing.
    """
    missing = [
        name
        for name, get in (
            ("chromium", _browser),
            ("prometheus-alertmanager", partial(_fetched, "prometheus-alertmanager", ALERTMANAGER)),
            ("prometheus", partial(_fetched, "prometheus", PROMETHEUS)),
            ("swaks", _mail_client),
            *((client, partial(_installed, client)) for client in CALENDAR_CLIENTS),
        )
        if not get()
    ]
    if not has("zabbix_js", ZABBIX):
        say("Fetching zabbix_js")
        if not unpack("zabbix-server-pgsql", ZABBIX, with_libraries=True):
            say("It cannot be had here; its tests will be skipped")
    if missing:
        return fail(
            f"The tests need {' and '.join(missing)}: as root, apt-get install {' '.join(missing)}"
        )
    return 0


def _installed(name: str) -> bool:
    if shutil.which(name):
        return True
    say(f"Installing {name}")
    return install(name)


def _browser() -> bool:
    return any(shutil.which(name) for name in BROWSERS) or _installed("chromium")


def _fetched(package: str, folder: Path) -> bool:
    if has(package, folder):
        return True
    say(f"Fetching {package}")
    return unpack(package, folder)


def _mail_client() -> bool:
    if (SWAKS / "usr/bin/swaks").is_file():
        return True
    return _installed("swaks") or unpack("swaks", SWAKS)


def has(program: str, folder: Path) -> bool:
    """Whether it is installed, or was unpacked here earlier."""
    names = (program, program.removeprefix("prometheus-"))
    return (folder / "usr/bin" / program).is_file() or any(map(shutil.which, names))


def install(package: str) -> bool:
    """Install a Debian package where we may; its services are not started."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    command = [
        "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0",
        "install", "--no-install-recommends", package,
    ]  # fmt: skip
    return run(*command, quiet=True) or (refresh() and run(*command))


def refresh() -> bool:
    """Learn which packages there are."""
    return run("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update", quiet=True)


def unpack(package: str, target: Path, *, with_libraries: bool = False) -> bool:
    """Fetch a Debian package and unpack it into `target`: no service, no change to the system but
    for the libraries it wants, if they are asked for."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        fetch = ["apt-get", "-q", "download", package]
        for attempt in range(2):
            done = subprocess.run(fetch, cwd=folder, check=False, capture_output=True)
            if done.returncode == 0:
                break
            if attempt or os.geteuid() != 0 or not refresh():
                return False
        deb = next(Path(folder).glob("*.deb"))
        if with_libraries and not all(map(install, libraries(deb))):
            return False
        return run("dpkg-deb", "-x", deb, target)


def libraries(deb: Path) -> list[str]:
    """The names of the libraries a package wants, apart from those that are here."""
    wish = ["dpkg-deb", "-f", str(deb), "Depends"]
    said = subprocess.run(wish, check=False, capture_output=True, text=True).stdout
    names = [part.split()[0] for part in said.replace("|", ",").split(",") if part.strip()]
    return [
        name
        for name in names
        if name.startswith("lib") and not run("dpkg-query", "-W", name, quiet=True)
    ]


if __name__ == "__main__":
    sys.exit(main())
