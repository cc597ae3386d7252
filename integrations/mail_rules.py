"""What an integration's owner says about its mails: the first rule that fits decides. Pure.

Patterns are google-re2's (see `routing`): linear, whatever was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from integrations import routing, texts
from integrations.routing import BadCondition
from integrations.states import MailField, Operator
from integrations.vocabulary import IGNORE

_TEXT = 8000


@dataclass(frozen=True, slots=True)
class MailRule:
    """One rule as the inbox uses it."""

    where: str
    operator: str
    value: str
    action: str
    key_pattern: str = ""

    def fits(self, mail: dict[str, Any]) -> bool:
        if self.where == MailField.ANY:
            text = "\n".join(str(mail[name]) for name in ("subject", "sender", "body"))
        else:
            text = str(mail[self.where])
        return routing.test_of(Operator(self.operator), self.value)(text[:_TEXT])

    def key(self, mail: dict[str, Any]) -> str:
        """Return what the pattern finds in subject or text: its first group, or all of it."""
        if not self.key_pattern:
            return ""
        pattern = compiled(self.key_pattern)
        for name in ("subject", "body"):
            found = pattern.search(texts.clean(str(mail[name]), _TEXT))
            if found:
                return str(found.group(1 if pattern.groups else 0) or "")
        return ""


def decide(rules: Sequence[MailRule], mail: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a mail with what the first rule that fits makes of them.

    What is no event at all (an absence note, our own page) stays none, whatever the rules say.
    """
    if mail.get("ignored"):
        return mail
    for rule in rules:
        if rule.fits(mail):
            ignored = {"ignored": "A rule ignores it."} if rule.action == IGNORE else {}
            key = rule.key(mail)
            return {**mail, "action": rule.action, "key": key or mail["key"], **ignored}
    return mail


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """Return a pattern ready for use. Raises BadCondition with one sentence."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be read"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadCondition(f"{pattern} is not a pattern: {reason}.") from None
