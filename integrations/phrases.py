"""More words for the vendors' files, for tools that say one thing in several places.

Pure, like `integrations.picks`: nothing here raises, whatever a payload holds.
"""

import re
from collections.abc import Callable
from typing import Any

from integrations import texts
from integrations.picks import Pick, field

Absent = Callable[[str], bool]


def phrase(*parts: str | Pick, by: str = ": ") -> Pick:
    """Put together what is there of these paths, in this order; nothing where none is."""
    picks = [field(part) if isinstance(part, str) else part for part in parts]

    def pick(item: Any, top: Any) -> str:
        said = (texts.words(each(item, top)).strip() for each in picks)
        return by.join(text for text in said if text)

    return pick


def filled(absent: Absent, *paths: str) -> Pick:
    """Take the first of these paths that the tool really filled in."""
    picks = [field(path) for path in paths]

    def pick(item: Any, top: Any) -> Any:
        for each in picks:
            found = each(item, top)
            text = texts.words(found).strip()
            if text and not absent(text):
                return found
        return None

    return pick


def unfilled(pattern: str) -> Absent:
    """A place-holder of this form was left as it stands: it means nothing."""
    whole = re.compile(pattern)
    return lambda text: len(text) <= 200 and whole.fullmatch(text) is not None


def others(*known: str, absent: Absent = lambda text: False) -> Pick:
    """As details: everything but these names, which the alert shows elsewhere."""
    skipped = {name.lower() for name in known}

    def pick(item: Any, top: Any) -> dict[str, Any]:
        if not isinstance(item, dict):
            return {}
        return {
            name: found
            for name, found in item.items()
            if str(name).lower() not in skipped
            and found not in (None, "", [], {})
            and not (isinstance(found, str) and absent(found.strip()))
        }

    return pick
