"""What people are told to paste is something the tool can take, and what it sends is understood."""

import itertools
import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from integrations import steps
from integrations.mapping import Draft, read
from integrations.payloads import decode
from integrations.steps import Block
from integrations.vendors import VENDORS

URL = "https://alertops.example.com/integrations/a-key/"
BASE = "https://alertops.example.com"
YAML = {
    "alertmanager", "argocd", "crowdsec", "falco", "flux", "gatus", "home_assistant",
}  # fmt: skip


def blocks(kind: str) -> list[Block]:
    return steps.blocks(steps.fill(VENDORS[kind].setup, "a-key", BASE, "in.example.com"))


@pytest.mark.parametrize("kind", VENDORS)
def test_every_tool_is_given_its_address_to_paste(kind: str) -> None:
    code = "\n".join(block.text for block in blocks(kind) if block.is_code)
    given = URL in code or f"{BASE}/" in code or "a-key@in.example.com" in code
    assert given or (BASE in code and "a-key" in code), "nobody could paste an address"
    for block in blocks(kind):
        assert block.is_code or not re.search(r"[{}]", block.text), "a brace left over"
        assert "\t" not in block.text


@pytest.mark.parametrize("kind", VENDORS)
def test_scripts_can_be_run_and_templates_are_json(kind: str) -> None:
    for block in blocks(kind):
        first = block.text.partition("\n")[0]
        if not block.is_code:
            continue
        if first.startswith(("#!/bin/sh", "#!/bin/bash", "curl ")):
            subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
        elif first.startswith("#!") and "python" in first:
            compile(block.text, kind, "exec")
        elif first.startswith("{") and "{{#" not in block.text:
            filled = re.sub(r"(?<!\")\{\{[^}]*\}\}(?!\")|(?<=: )\$\w+", "null", block.text)
            json.loads(filled)


@pytest.mark.parametrize("kind", sorted(YAML))
def test_configuration_is_yaml(kind: str) -> None:
    found = [block.text for block in blocks(kind) if block.is_code and ":" in block.text]
    whole = [value for text in found for value in yaml.safe_load_all(text)]
    assert any(isinstance(value, (dict, list)) for value in whole)


def run(kind: str, folder: Path, environment: dict[str, str]) -> Draft:
    """Run a tool's script with a curl that only says what it would have posted."""
    script = next(b.text for b in blocks(kind) if b.text.startswith("#!/bin/sh"))
    curl = folder / "curl"
    curl.write_text('#!/bin/sh\nfor each in "$@"; do printf "%s\\0" "$each"; done\n', "utf-8")
    curl.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", script], env={"PATH": path, **environment}, capture_output=True, check=True
    )
    said = done.stdout.decode().split("\0")[:-1]
    assert URL in said
    pairs = [
        tuple(value.split("=", 1))
        for name, value in itertools.pairwise(said)
        if name == "--data-urlencode"
    ]
    body = urlencode(pairs).encode()
    (draft,) = read(VENDORS[kind], decode(body, "application/x-www-form-urlencoded").value)
    return draft


def test_icingas_script_sends_what_is_understood(tmp_path: Path) -> None:
    about = {"HOSTNAME": "db-1", "SERVICENAME": "disk /", "SERVICEOUTPUT": 'DISK "/" & more'}
    bad = run(
        "icinga", tmp_path, {**about, "NOTIFICATIONTYPE": "PROBLEM", "SERVICESTATE": "CRITICAL"}
    )
    good = run("icinga", tmp_path, {**about, "NOTIFICATIONTYPE": "RECOVERY", "SERVICESTATE": "OK"})
    assert (bad.action, bad.title) == ("trigger", "disk / on db-1 is CRITICAL")
    assert bad.description == 'DISK "/" & more'
    assert (good.action, good.dedup_key) == ("resolve", bad.dedup_key)


def test_icingas_script_tells_hosts_from_services(tmp_path: Path) -> None:
    about = {"HOSTNAME": "db-1", "HOSTSTATE": "DOWN", "NOTIFICATIONTYPE": "PROBLEM"}
    draft = run("icinga", tmp_path, about)
    assert (draft.title, draft.severity, draft.dedup_key) == ("db-1 is DOWN", "critical", "db-1/")


def test_monits_script_sends_what_is_understood(tmp_path: Path) -> None:
    about = {"MONIT_HOST": "web-1", "MONIT_SERVICE": "shop", "MONIT_DESCRIPTION": "it's 100% down"}
    bad = run("monit", tmp_path, {**about, "MONIT_EVENT": "Connection failed"})
    good = run("monit", tmp_path, {**about, "MONIT_EVENT": "Connection succeeded"})
    assert (bad.action, bad.description) == ("trigger", "it's 100% down")
    assert (good.action, good.dedup_key) == ("resolve", bad.dedup_key)
