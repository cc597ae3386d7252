"""Writes docs/outbound-tools.md from what integrations/outbound/tools and their samples say.

python -m tools.outbound_guide           write it
python -m tools.outbound_guide --check   fail when it is out of date
"""

import os
import sys
from importlib import import_module
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
django.setup()

from integrations.outbound import samples  # noqa: E402
from integrations.outbound.contract import Setting, Tool  # noqa: E402
from integrations.outbound.tools import TOOLS  # noqa: E402

GUIDE = Path(__file__).parent.parent / "docs" / "outbound-tools.md"
HOOK = "https://alertops.example.com/integrations/outbound/KEY/hook/"

_HEAD = f"""\
# Tools that hear about alerts, and answer

<!-- Written by `python -m tools.outbound_guide` from what integrations/outbound/tools say. -->

Add one at Integrations → Outbound Integrations. Its page shows the steps below with your own
address in place of `{HOOK}`, once.

An alert becomes one issue, incident or message over there, however often a connection breaks: after
a lost answer the tool is asked first whether it is there. Its timeline follows in order, the end
closes it. What people do over there comes back: closing resolves the alert, a comment becomes a
note, by the name they have there. What AlertOps wrote itself is known by a mark
(`alertops17x3fa9c2d1`) and is not taken for somebody's words. A connection moves only alerts it has
been told of. While a webhook secret is changed, enter the old and the new one with a space between.

What an alert says is escaped for each tool: it mentions nobody, runs no command and hides no link.
"""
_VERBS = {
    "acknowledge": "acknowledges the alert",
    "unacknowledge": "takes the acknowledgement back",
    "resolve": "resolves the alert",
    "note": "becomes a note",
}


def guide() -> str:
    """The whole guide."""
    ready = [tool for tool in TOOLS.values() if tool.listens]
    index = " · ".join(f"[{tool.label}](#{tool.slug})" for tool in ready)
    return "\n\n".join([_HEAD + "\n" + index, *map(_chapter, ready)]) + "\n"


def _chapter(tool: Tool) -> str:
    known = (import_module(type(tool).__module__).__doc__ or "").strip()
    parts = [
        f'<a id="{tool.slug}"></a>\n\n## {tool.label}',
        tool.summary,
        "### Settings",
        "\n".join(["| | |", "|---|---|", *map(_row, tool.settings)]),
        "### Set up",
        tool.steps.format(hook=HOOK).strip(),
        "### What comes back",
        _table(tool.slug),
        "### Good to know",
        known,
    ]
    return "\n\n".join(parts)


def _row(setting: Setting) -> str:
    marks = [] if setting.is_required else ["may be empty"]
    marks += ["kept secret"] if setting.is_secret else []
    told = [setting.help.strip(), *(f"({mark})" for mark in marks)]
    default = f"`{setting.default}` unless said." if setting.default else ""
    return f"| {setting.label} | {' '.join(filter(None, [*told, default]))} |"


def _table(slug: str) -> str:
    rows = []
    for sample in samples.of(slug):
        verbs = [_VERBS[said["verb"]] for said in sample["said"]]
        rows.append(f"| {sample['name']} | {', '.join(verbs) or 'nothing'} |")
    return "\n".join(["| what it sends | what it does |", "|---|---|", *rows])


def main() -> int:
    """Write the guide, or say whether it is up to date."""
    wanted = guide()
    if "--check" in sys.argv:
        return 0 if GUIDE.read_text("utf-8") == wanted else 1
    GUIDE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
