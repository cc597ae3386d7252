"""The vocabulary in which a vendor is a file of facts: where each thing stands in a payload.

Pure: knows no database, settings or clock. A shape nobody foresaw still becomes a draft that a
person can read, because a page that cannot be sent is the one mistake not allowed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from integrations import texts, vocabulary
from integrations.expressions import Overrides
from integrations.picks import Pick, choose, dig, digest, field, first, joined, table
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER, Words

__all__ = [
    "Draft", "Pick", "Vendor", "choose", "dig", "digest", "field", "first", "joined", "read",
    "table",
]  # fmt: skip

ITEMS = 5000
"""Alerts taken from one body; the rest is summed up in one more."""
OVERFLOW = "alertops:too-many"
"""The key of that one; the inbox adds the hour."""


@dataclass(slots=True)
class Draft:
    """What one item of a payload says, in our words. The inbox adds who is responsible."""

    action: str
    title: str
    dedup_key: str
    severity: str = ""  # "": the payload does not say
    description: str = ""
    links: list[dict[str, str]] = attribute(default_factory=list)
    details: dict[str, Any] = attribute(default_factory=dict)
    tags: list[str] = attribute(default_factory=list)
    note: str = ""
    remarks: list[str] = attribute(default_factory=list)
    item: Any = None  # what routes look at

    def find(self, path: str, severity: str) -> Any:
        """Return what a condition's field stands for: ours by name, any other in the payload."""
        if path == "severity":
            return severity
        if path == "topics":
            return self.topics()
        if path in _OURS:
            return getattr(self, path)
        return dig(self.item, path.strip().lstrip("/").split("."))

    def topics(self) -> list[str]:
        """Return what the alert is about: its tags, whole and after their colon, and `topic`."""
        said = dig(self.item, ("topics",)) or dig(self.item, ("topic",))
        found = [*self.tags, *(said if isinstance(said, list) else [said])]
        words = [texts.words(each).strip().lower() for each in found[:100] if each]
        parted = [(word, word.partition(":")[2].strip()) for word in words]
        return [part for both in parted for part in dict.fromkeys(both)]


_TITLE = field("title", "summary", "subject", "name", "message", "event.title", "alert.title")
_SOURCE = field("source", "host", "hostname", "service", "instance", "node", "device")
_SEVERITY = field("severity", "priority", "level", "urgency")
_DESCRIPTION = field("description", "message", "body", "text")
_DETAILS, _TAGS = field("details"), field("tags")
_OURS = frozenset({"title", "description", "dedup_key", "tags"})


@dataclass(frozen=True)
class Vendor:
    """Everything we know of one tool. What is not said is looked for by its common names."""

    kind: str
    label: str
    title: Pick
    action: Pick
    dedup_key: Pick
    each: str = ""
    """Where the list of alerts is, if one body carries several."""
    severity: Pick = _SEVERITY
    description: Pick = _DESCRIPTION
    links: tuple[tuple[str, Pick], ...] = ()
    details: Pick = _DETAILS
    tags: Pick = _TAGS
    note: Pick = lambda item, top: None
    """What somebody wrote when acknowledging or resolving there."""
    words: Words = vocabulary.COMMON
    absent: Callable[[str], bool] = lambda text: False
    """Whether a text stands for nothing, such as a variable the tool did not fill in."""
    needs_key: bool = False
    """A trigger without a key is an alert of its own instead of being told apart by its title."""
    closes: bool = True
    """Whether the tool ever says that it is over; of one that never does, people close alerts."""
    is_known: bool = False
    """Whether its key is no secret (it stands in a mail address): it sends, and reads nothing."""
    success: int = 202
    """The status that tells the tool that its event is stored; some insist on 200."""
    setup: str = ""
    """How to set the tool up; {url}, {key} and {base} are filled in, indented lines are code."""
    docs: str = ""


def read(
    vendor: Vendor, payload: Any, *, overrides: Overrides | None = None, own_key: str = ""
) -> list[Draft]:
    """Return one draft for each thing the payload says; never raises, never forgets one.

    `own_key` is the key of a trigger that must not be folded into another (PagerDuty's rule).
    """
    drafts = []
    items = list(_items(vendor, payload))
    for item in items[:ITEMS]:
        draft = _draft(vendor, item, payload, overrides, own_key)
        if draft.action != IGNORE:
            drafts.append(draft)
    if len(items) > ITEMS:
        drafts.append(_overflow(len(items)))
    return drafts


def _items(vendor: Vendor, payload: Any) -> Iterator[Any]:
    found = dig(payload, vendor.each.split(".")) if vendor.each else None
    if isinstance(found, list):
        yield from found
    elif isinstance(payload, list):
        for each in payload:
            inner = dig(each, vendor.each.split(".")) if vendor.each else None
            if isinstance(inner, list):
                yield from inner
            else:
                yield each
    else:
        yield payload


def _overflow(count: int) -> Draft:
    title = f"One event carried {count} alerts; only the first {ITEMS} were opened"
    return Draft(TRIGGER, title, OVERFLOW, remarks=[title])


def _draft(vendor: Vendor, item: Any, top: Any, overrides: Overrides | None, own_key: str) -> Draft:
    def take(pick: Pick) -> str:
        text = texts.words(pick(item, top)).strip()
        return "" if vendor.absent(text) else text

    draft = Draft(action=TRIGGER, title="", dedup_key="", item=item)
    said = overrides.apply(item, draft.remarks) if overrides else {}
    title = said.get("title") or take(vendor.title) or take(_TITLE) or _sentence(item)
    draft.title = texts.line(title) or "An event without a title"
    draft.action = _action(vendor, said.get("action"), take(vendor.action))
    draft.severity = _severity(vendor, said.get("severity") or take(vendor.severity), draft)
    description = said.get("description") or take(vendor.description)
    draft.details = _details(vendor, vendor.details(item, top))
    if not description and not draft.details and not isinstance(item, str):
        description = texts.pretty(item)
    draft.description = texts.clean(description)
    draft.links = _links(vendor, item, top, said.get("link", ""))
    draft.tags = [tag for tag in _tags(vendor.tags(item, top)) if not vendor.absent(tag)]
    if draft.action != TRIGGER:
        draft.note = texts.clean(texts.words(vendor.note(item, top)), 2000)
    chosen = said.get("dedup_key") or take(vendor.dedup_key)
    draft.dedup_key = texts.key(chosen) if chosen else ""
    if not draft.dedup_key:
        source = texts.words(_SOURCE(item, top))
        own_key = own_key if vendor.needs_key else ""
        draft.dedup_key = own_key or "auto:" + texts.digest(title, source)[:32]
    return draft


def _sentence(item: Any) -> str:
    """A title for what has none: its first line, or its first few words."""
    if isinstance(item, str):
        return next((part for part in item.splitlines() if part.strip()), "")[:200]
    return texts.pretty(item, indent=False)[:120] if item else ""


def _action(vendor: Vendor, override: str | None, found: str) -> str:
    word = (override or found).strip().lower()
    if word in {TRIGGER, ACKNOWLEDGE, RESOLVE, IGNORE}:
        return word
    return vendor.words.action(word)


def _severity(vendor: Vendor, word: str, draft: Draft) -> str:
    if not word:
        return ""
    severity = vendor.words.severity(word)
    if not severity:
        draft.remarks.append(f"severity {texts.line(word, 40)!r} is not known")
    return severity


def _details(vendor: Vendor, found: Any) -> dict[str, Any]:
    if isinstance(found, dict):
        found = {
            name: value
            for name, value in found.items()
            if not (isinstance(value, str) and vendor.absent(value))
        }
    if not found:
        return {}
    tamed = texts.tame(found)
    return tamed if isinstance(tamed, dict) else {"details": tamed}


def _links(vendor: Vendor, item: Any, top: Any, override: str) -> list[dict[str, str]]:
    found = {texts.link(override): "Link"} if override else {}
    for label, pick in vendor.links:
        value = pick(item, top)
        entries = value if isinstance(value, list) else [value]
        for entry in entries[:10]:
            href, text = (entry, "") if isinstance(entry, str) else _anchor(entry)
            found.setdefault(texts.link(href), texts.line(text, 200) or label)
    return [{"href": href, "text": text} for href, text in found.items() if href][:10]


def _anchor(entry: Any) -> tuple[Any, str]:
    if not isinstance(entry, dict):
        return None, ""
    href = entry.get("href") or entry.get("url") or entry.get("src")
    return href, texts.words(entry.get("text") or entry.get("alt"))


def _tags(found: Any) -> list[str]:
    if isinstance(found, str):
        found = found.split(",")
    if isinstance(found, dict):
        found = [f"{name}:{texts.words(value)}" for name, value in list(found.items())[:40]]
    if not isinstance(found, list):
        return []
    tags = (texts.line(texts.words(tag), texts.WORD) for tag in found[:40])
    return list(dict.fromkeys(tag for tag in tags if tag))[:20]
