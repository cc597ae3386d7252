"""The structure shows: imports point down, every fact has words, every vendor has a sample."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import get_template

from accounts.channels import CHANNELS
from alerts.states import Kind
from integrations import samples
from integrations.vendors import VENDORS

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {"accounts"},
    {"groups"},
    {"schedules", "alerts"},
    {"escalation"},
    {"integrations", "incidents"},
]
APPS = set().union(*LAYERS)
LEAVES = {
    "clock",
    "doorbell",
    "durations",
    "env",
    "fragments",
    "guarded",
    "lifeline",
    "loops",
    "net",
    "operators",
    "prepared",
    "secret",
}
"""Modules of the wiring that apps may import; these import no app."""


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if "migrations" not in path.parts]


@pytest.mark.parametrize("depth", range(len(LAYERS)))
def test_apps_only_import_downwards(depth: int) -> None:
    below = set().union(*LAYERS[:depth])
    for app in LAYERS[depth]:
        for path in sources(ROOT / app):
            used = {name.split(".")[0] for name in imports(path)} & APPS
            assert used <= below | {app}, f"{path.relative_to(ROOT)} imports {used - below - {app}}"


def test_apps_import_only_the_leaves_of_the_wiring() -> None:
    for app in APPS:
        for path in sources(ROOT / app):
            names = [name.split(".") for name in imports(path)]
            used = {parts[1] for parts in names if parts[0] == "alertops" and len(parts) > 1}
            assert used <= LEAVES, f"{path.relative_to(ROOT)} imports alertops.{used - LEAVES}"


def test_the_leaves_know_no_app() -> None:
    for leaf in LEAVES:
        used = {name.split(".")[0] for name in imports(ROOT / "alertops" / f"{leaf}.py")}
        assert not used & APPS, f"alertops.{leaf} imports {used & APPS}"


def test_thinking_knows_no_database_no_settings_and_no_clock() -> None:
    pure = [
        "escalation/plan.py",
        "escalation/reach.py",
        "schedules/changes.py",
        "schedules/duty_hours.py",
        "schedules/fixed.py",
        "schedules/lines.py",
        "schedules/once.py",
        "schedules/posts.py",
        "schedules/recurrence.py",
        "schedules/resolver.py",
        "schedules/rota.py",
        "schedules/turns.py",
        "schedules/walltime.py",
        "schedules/worked.py",
        "integrations/mapping.py",
        "integrations/vocabulary.py",
    ]
    for name in pure:
        for used in imports(ROOT / name):
            assert not used.startswith(("django.db", "django.conf", "alertops.clock")), name
            assert ".models" not in used, f"{name} imports {used}"


def test_every_kind_of_fact_has_words() -> None:
    for kind in Kind:
        get_template(f"alerts/events/{kind.value}.html")


def test_every_vendor_has_a_golden_sample() -> None:
    for kind in VENDORS:
        assert samples.of(kind), f"{kind} has no sample"


def test_a_channels_name_stands_only_in_its_own_room() -> None:
    """A second file that knows a channel's or a provider's name holds knowledge of the first."""
    rooms = {
        "accounts/channels",
        "escalation/builtin.py",  # the pre-built policies are data
        "integrations/vendors/",  # what other tools call themselves and their parts
        "integrations/dropins/",
        "integrations/outbound/tools/",  # receivers of news, not ways to reach a person
    }
    words = {f'"{kind}"' for kind in CHANNELS if kind != "email"} | {"twilio", "Twilio"}
    for app in sorted(APPS):
        for path in sources(ROOT / app):
            name = str(path.relative_to(ROOT))
            if any(name.startswith(room) for room in rooms):
                continue
            code = "\n".join(
                line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines()
            )
            assert not any(word in code for word in words), (
                f"{name} names {[word for word in words if word in code]}"
            )
