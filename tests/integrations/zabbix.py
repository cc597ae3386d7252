"""Zabbix's own engine for the scripts of its media types, and the scripts it ships with."""

import gzip
import json
import os
import re
import shutil
import subprocess
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integrations.vendors import VENDORS
from tools.chaos_house import ROOT

UNPACKED = ROOT / ".venv/zabbix/usr"
DATA = "share/zabbix-server-pgsql/data.sql.gz"

PROBLEM = {
    "{EVENT.ID}": "4321",
    "{EVENT.VALUE}": "1",
    "{EVENT.NAME}": "Disk is 97 % full on /var",
    "{EVENT.UPDATE.STATUS}": "0",
    "{EVENT.UPDATE.ACTION}": "",
    "{EVENT.ACK.STATUS}": "No",
    "{EVENT.SEVERITY}": "High",
    "{EVENT.NSEVERITY}": "4",
    "{EVENT.SOURCE}": "0",
    "{EVENT.OPDATA}": "97.2 %",
    "{EVENT.TAGS}": "scope: capacity",
    "{EVENT.DATE}": "2026.03.02",
    "{EVENT.TIME}": "03:00:00",
    "{HOST.NAME}": "db-1",
    "{HOST.IP}": "10.0.0.5",
    "{TRIGGER.ID}": "23500",
    "{TRIGGER.DESCRIPTION}": "Look for old backups.",
    "{ALERT.SUBJECT}": "Problem: Disk is 97 % full on /var",
    "{ALERT.MESSAGE}": 'Problem started at 03:00:00. "C:\\" is full.',
    "{$ZABBIX.URL}": "https://zabbix.example.com",
}
ACKNOWLEDGED = {
    **PROBLEM,
    "{EVENT.UPDATE.STATUS}": "1",
    "{EVENT.UPDATE.ACTION}": "acknowledged, commented",
    "{EVENT.ACK.STATUS}": "Yes",
}
OVER = {**PROBLEM, "{EVENT.VALUE}": "0"}

_ROW = re.compile(r"INSERT INTO media_type \(([^)]*)\) values \(")
_PARAMETER = re.compile(r"INSERT INTO media_type_param \(([^)]*)\) values \(")
_VALUE = re.compile(r"E?'((?:[^'\\]|''|\\.)*)'([,)])", re.DOTALL)
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}


def engine() -> Path | None:
    """Return zabbix_js, where it is to be had."""
    found = shutil.which("zabbix_js")
    if found:
        return Path(found)
    return UNPACKED / "bin/zabbix_js" if (UNPACKED / "bin/zabbix_js").is_file() else None


# Where tests count as the last word, a client that is not there is a failure, never a silent skip.
needs_engine = pytest.mark.skipif(
    engine() is None and not os.environ.get("CI"),
    reason="no zabbix_js (Debian: zabbix-server-pgsql)",
)


@cache
def shipped() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the script and the parameters of each media type Zabbix brings along."""
    data = next((path for path in (UNPACKED / DATA, Path("/usr", DATA)) if path.is_file()), None)
    assert data is not None, "Zabbix without its data"
    dump = gzip.decompress(data.read_bytes()).decode()
    kinds = {row["mediatypeid"]: row for row in _rows(_ROW, dump)}
    parameters: dict[str, dict[str, str]] = {}
    for row in _rows(_PARAMETER, dump):
        parameters.setdefault(row["mediatypeid"], {})[row["name"]] = row["value"]
    return {row["name"]: (row["script"], parameters.get(key, {})) for key, row in kinds.items()}


def _rows(statement: re.Pattern[str], dump: str) -> list[dict[str, str]]:
    found = []
    for start in statement.finditer(dump):
        at, values = start.end(), []
        while (value := _VALUE.match(dump, at)) is not None:
            values.append(_ESCAPED.sub(_sign, value[1]))
            at = value.end()
            if value[2] == ")":
                break
        found.append(dict(zip(start[1].split(","), values, strict=True)))
    return found


def _sign(escaped: re.Match[str]) -> str:
    if escaped[0] == "''":
        return "'"
    return _SIGNS.get(escaped[1], escaped[1])


def run(script: str, parameters: dict[str, str], folder: Path) -> Any:
    """Run a media type's script as Zabbix does; return what it answers, or fail as it fails."""
    program = engine()
    assert program is not None, "no zabbix_js: python tools/install.py --system fetches it"
    (folder / "script.js").write_text(script, encoding="utf-8")
    (folder / "value.json").write_text(json.dumps(parameters), encoding="utf-8")
    done = subprocess.run(
        [program, "-s", folder / "script.js", "-i", folder / "value.json", "-t", "10"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout.strip()


def filled(parameters: dict[str, str], macros: dict[str, str]) -> dict[str, str]:
    """The parameters of a media type with the macros of an event in them."""
    return {name: macros.get(value, value) for name, value in parameters.items()}


def pasted(url: str, key: str) -> tuple[str, dict[str, str]]:
    """The script and the parameters as our set-up page says to type them in."""
    page = VENDORS["zabbix"].setup.format(url=f"{url}/integrations/{key}/")
    parts = [textwrap.dedent(part) for part in page.split("\n\n") if part.startswith("    ")]
    lines = (line.split(None, 1) for line in parts[0].splitlines())
    return parts[1], {name: value for name, value in lines}  # noqa: C416 - lists of two
