"""Writes docs/vendors.md from the vendors' files and their golden samples.

    python -m tools.vendor_guide           write it
    python -m tools.vendor_guide --check   fail when it is out of date

The same facts make the set-up page and the tests; nothing in the guide is written by hand.
"""

import html
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
django.setup()

from integrations import samples  # noqa: E402
from integrations.mapping import Vendor  # noqa: E402
from integrations.steps import fill  # noqa: E402
from integrations.vendors import VENDORS  # noqa: E402

GUIDE = Path(__file__).parent.parent / "docs" / "vendors.md"
BASE, DOMAIN = "https://alertops.example.com", "in.alertops.example.com"

_HEAD = """\
# Tools AlertOps understands

<!-- Written by `python -m tools.vendor_guide` from what integrations/vendors say. -->

{count} kinds of integration. Choose one when you add an integration; its set-up page shows the
steps below with your own address in place of `{base}/integrations/KEY/`.
A tool that is not here sends to [Generic webhook](#generic), [Generic form](#generic_form),
[Generic XML](#generic_xml) or [Plain text](#generic_text); the fields of its payload can be picked
by example.

For every kind the table says what becomes of what the tool sends: which messages open an alert,
which add to the same one, which close it, and which are no alerts. The messages themselves are in
`integrations/samples`. To teach AlertOps another tool see [adding a vendor](adding-a-vendor.md).

"""
_WORDS = {
    "trigger": "alert",
    "acknowledge": "acknowledged, if it is open",
    "resolve": "resolved, if it is open",
}


def guide() -> str:
    """Return the whole guide."""
    known = sorted(VENDORS.values(), key=lambda vendor: vendor.label.lower())
    index = " · ".join(f"[{vendor.label}](#{vendor.kind})" for vendor in known)
    parts = [_HEAD.format(count=len(known), base=BASE) + index, *map(_chapter, known)]
    return "\n\n".join(parts) + "\n"


def _chapter(vendor: Vendor) -> str:
    steps = fill(vendor.setup, "KEY", BASE, DOMAIN).strip()
    documentation = f" · [its documentation]({vendor.docs})" if vendor.docs else ""
    parts = [
        f'<a id="{vendor.kind}"></a>\n\n## {vendor.label}',
        f"Kind `{vendor.kind}`{documentation}",
        _known(vendor.kind),
        "### Set up",
        steps,
        "### What becomes of what it sends",
        _table(vendor.kind),
    ]
    if not vendor.closes:
        parts.append("It never says that it is over: people close its alerts.")
    return "\n\n".join(filter(None, parts))


def _known(kind: str) -> str:
    """What is worth knowing of the tool: the words above its file."""
    words = (import_module(f"integrations.vendors.{kind}").__doc__ or "").strip()
    words = words.partition("Sample: ")[0].strip()
    first, _, rest = words.partition("\n\n")
    return rest.strip() if rest and "http" in first else words


def _table(kind: str) -> str:
    rows = [f"| {_cell(sample['name'])} | {_becomes(sample)} |" for sample in samples.of(kind)]
    return "\n".join(["| message | becomes |", "| --- | --- |", *rows])


def _becomes(sample: samples.Sample) -> str:
    told = [_signal(signal) for signal in sample["signals"]]
    return "<br>".join(told) or "nothing: it is no alert"


def _signal(signal: dict[str, Any]) -> str:
    words = [_WORDS[signal["action"]]]
    if signal["action"] == "trigger" and signal.get("title"):
        words.append(f"“{_cell(signal['title'])}”")
    if signal["action"] == "trigger" and signal.get("severity"):
        words.append(f"({signal['severity']})")
    return " ".join(words)


def _cell(text: str) -> str:
    short = text if len(text) <= 100 else text[:99] + "…"
    escaped = html.escape(short.replace("\n", " "), quote=False)
    for sign in "\\|*_`[]":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


def main(arguments: list[str]) -> int:
    """Write the guide, or say whether it is as it should be."""
    wanted = guide()
    if "--check" not in arguments:
        GUIDE.write_text(wanted, "utf-8")
        return 0
    if GUIDE.exists() and GUIDE.read_text("utf-8") == wanted:
        return 0
    print("docs/vendors.md is out of date: run python -m tools.vendor_guide", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
