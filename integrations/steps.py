"""The steps that connect a tool, with this integration's own address in them."""

from dataclasses import dataclass
from itertools import groupby
from textwrap import dedent

from django.conf import settings

from integrations.models import Integration
from integrations.vendors import VENDORS


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or something to paste."""

    text: str
    is_code: bool


def steps(integration: Integration) -> list[Block]:
    """Return what to do in the tool. The key is a place-holder unless it has just been made."""
    domain = settings.EMAIL_IN_DOMAIN or "<your mail domain>"
    setup = VENDORS[integration.kind].setup
    return blocks(fill(setup, integration.key or "<the key>", settings.PUBLIC_URL, domain))


def fill(setup: str, key: str, base: str, domain: str) -> str:
    """Return a vendor's set-up text with these addresses in it."""
    return setup.format(
        url=f"{base}/integrations/{key}/",
        key=key,
        base=base,
        mail=f"{key}@{domain}",
        mail_with_key=f"{key}+db-1/disk@{domain}",
    )


def address(integration: Integration) -> str:
    """Where the tool sends to."""
    return f"{settings.PUBLIC_URL}/integrations/{integration.key or '<the key>'}/"


def blocks(text: str) -> list[Block]:
    """Cut the text where it changes between prose and indented lines."""
    found: list[Block] = []
    kind = False
    tagged: list[tuple[bool, str]] = []
    for line in text.splitlines():
        kind = line.startswith("    ") if line.strip() else kind
        tagged.append((kind, line))
    for is_code, group in groupby(tagged, key=lambda pair: pair[0]):
        content = dedent("\n".join(line for _, line in group)).strip("\n")
        if content.strip():
            found.append(Block(content, is_code))
    return found
