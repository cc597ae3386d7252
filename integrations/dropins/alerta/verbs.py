"""Alerta's verbs, and what each asks of an alert of ours. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from alerts.amend import Change
from alerts.states import Verb
from integrations import texts
from integrations.asks import AMEND, Ask
from integrations.dropins.contract import Dialect, Heard
from integrations.vendors.alerta import alerta

_SHELF = 7200
_LONGEST_SHELF = 7 * 86400
# What `action` and `status` may say, and the verb it is.
_VERBS = {
    "ack": Verb.ACKNOWLEDGE,
    "unack": Verb.UNACKNOWLEDGE,
    "open": Verb.UNACKNOWLEDGE,
    "close": Verb.RESOLVE,
    "closed": Verb.RESOLVE,
    "shelve": Verb.SNOOZE,
    "shelved": Verb.SNOOZE,
}


def _wanted(word: str, fields: Mapping[str, Any]) -> str:
    """The action a body asks for, as a word of ours, or what is wrong with it."""
    if word in {"status", "action"}:
        return texts.words(fields.get(word)).lower()
    return word


def lacks(word: str, fields: Mapping[str, Any]) -> str:
    """Why the request means nothing, or ""."""
    if word in {"status", "action"}:
        known = _wanted(word, fields) in _VERBS
        return "" if known else f"{word} is one of {', '.join(_VERBS)}."
    needed = {"tag": "tags", "untag": "tags", "attributes": "attributes", "note": "text"}[word]
    return "" if fields.get(needed) else f"{needed} is missing."


def prepare(said: Any, heard: Heard) -> Ask:
    """Turn a stored verb into what is asked of the alert."""
    fields = said if isinstance(said, dict) else {}
    address = heard.address
    word = _wanted(str(address.get("word")), fields)
    note = texts.clean(texts.words(fields.get("text")), 2000)
    more: dict[str, Any] = {"note": note}
    verb: str = _VERBS.get(word, AMEND)
    if verb == Verb.SNOOZE:
        given = fields.get("timeout")
        seconds = given if isinstance(given, int) and 0 < given <= _LONGEST_SHELF else _SHELF
        more["until"] = heard.at + timedelta(seconds=seconds)
    elif word == "note":
        verb = Verb.NOTE
    elif verb == AMEND:
        more["change"] = _change(word, fields)
    alias = address.get("alias")
    return Ask(
        verb,
        alert_id=address.get("alert"),
        dedup_key=alias if isinstance(alias, str) else "",
        refusal=str(address.get("unknown", "")),
        **more,
    )


def _change(word: str, fields: Mapping[str, Any]) -> Change:
    given = fields.get("tags")
    listed = given[:40] if isinstance(given, list) else []
    tags = [tag for each in listed if (tag := texts.line(texts.words(each), texts.WORD))]
    if word == "untag":
        return Change(drop_tags=tags)
    attributes = fields.get("attributes")
    tamed = texts.tame(attributes) if isinstance(attributes, dict) else {}
    return Change(add_tags=tags, add_details=tamed if isinstance(tamed, dict) else {})


dialects = (
    Dialect("alerta", alerta),
    Dialect("alerta-verb", alerta, prepare),
)
