"""Whom an event of somebody else's calendar means: names and addresses to people. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from schedules.calendar_text import Occurrence

_LEVEL = re.compile(r"^\s*\[L\d+\]\s*")
_BETWEEN = re.compile(r"\s*(?:[,;/&+|→]|\band\b|\bund\b)\s*", re.IGNORECASE)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who may be meant."""

    id: int
    name: str
    email: str


@dataclass
class Directory:
    """Finds members by what calendars call them: full name, address, its first half, or a first
    name that only one of them has."""

    people: list[Known]
    _words: dict[str, int] = field(init=False)
    _full: list[tuple[re.Pattern[str], int]] = field(init=False)

    def __post_init__(self) -> None:
        loose = Counter[str]()
        self._words = {}
        for who in self.people:
            for word in {_fold(who.name).partition(" ")[0], _fold(who.email).partition("@")[0]}:
                loose[word] += 1
                self._words[word] = who.id
        for word, count in loose.items():
            if count > 1:
                del self._words[word]
        for who in self.people:
            self._words |= {_fold(who.name): who.id, _fold(who.email): who.id}
        names = [(_fold(text), who.id) for who in self.people for text in (who.name, who.email)]
        names.sort(key=lambda each: -len(each[0]))
        self._full = [
            (re.compile(rf"(?<![\w@.+-]){re.escape(name)}(?![\w@-])"), pk)
            for name, pk in names
            if name
        ]

    def who(self, occurrence: Occurrence) -> tuple[list[int], list[str]]:
        """Return whom an event names, and the names nobody goes by.

        The title counts; only where it names nobody do the people invited.
        """
        title = _LEVEL.sub("", occurrence.summary).strip()
        found, unknown = self._in(title)
        if not found:
            invited = [self._one(who) for who in occurrence.attendees]
            found = [pk for pk in invited if pk is not None]
            if found:
                unknown = []
        if not found and not unknown:
            unknown = [title[:_LONGEST] or "(no title)"]
        return list(dict.fromkeys(found)), list(dict.fromkeys(unknown))

    def _in(self, title: str) -> tuple[list[int], list[str]]:
        whole = self._words.get(_fold(title))
        if whole is not None:
            return [whole], []
        found, unknown = [], []
        for part in filter(None, _BETWEEN.split(title)):
            pk = self._one(part)
            if pk is not None:
                found.append(pk)
            else:
                unknown.append(part[:_LONGEST])
        return found, unknown

    def _one(self, text: str) -> int | None:
        folded = _fold(text)
        exact = self._words.get(folded)
        if exact is not None:
            return exact
        return next((pk for pattern, pk in self._full if pattern.search(folded)), None)


def unknown(names: Iterable[str], most: int = 50) -> list[str]:
    """Return the names to show, each once, in order."""
    return sorted(dict.fromkeys(names))[:most]


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
