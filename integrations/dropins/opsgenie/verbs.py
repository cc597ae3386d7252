"""Opsgenie's verbs: what each needs, and the ask or the signal it becomes. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alerts.amend import Change
from alerts.states import Verb
from integrations import texts
from integrations.asks import AMEND, Ask
from integrations.dropins.contract import Dialect, Heard
from integrations.vendors.opsgenie import opsgenie

Fields = Mapping[str, Any]
_SIGNALS = {"acknowledge": "Acknowledge", "close": "Close"}


def moment(value: Any) -> datetime | None:
    """An instant as Opsgenie writes it; without a zone it is UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _note(fields: Fields) -> str:
    """What was written, and who says so: the key speaks for all its users."""
    note, user = (texts.clean(texts.words(fields.get(name)), 4000) for name in ("note", "user"))
    return f"{user}: {note}" if user and note else note or user


def _tags(fields: Fields) -> list[str]:
    given = fields.get("tags")
    listed = given.split(",") if isinstance(given, str) else given
    entries = listed[:40] if isinstance(listed, list) else []
    found = (texts.line(texts.words(tag), texts.WORD) for tag in entries)
    return [tag for tag in found if tag]


def _keys(fields: Fields) -> list[str]:
    given = fields.get("keys")
    listed = given.split(",") if isinstance(given, str) else given
    return [texts.line(texts.words(key), 200) for key in listed] if isinstance(listed, list) else []


def _details(fields: Fields) -> dict[str, Any]:
    given = fields.get("details")
    tamed = texts.tame(given) if isinstance(given, dict) else {}
    return tamed if isinstance(tamed, dict) else {}


def _named(fields: Fields, *names: str) -> str:
    """Who is meant by {"owner": {"username": …}} or {"team": {"name": …}}."""
    for name in names:
        given = fields.get(name)
        inner = given if isinstance(given, dict) else {"name": given}
        for key in ("username", "name"):
            if found := texts.line(texts.words(inner.get(key)), 200):
                return found
    return ""


def _amend(fields: Fields, **change: Any) -> dict[str, Any]:
    return {"change": Change(**change), "note": _note(fields)}


@dataclass(frozen=True, slots=True)
class Word:
    """One word at the end of an address."""

    verb: str
    needs: str = ""
    """The field without which it means nothing."""
    reads: Callable[[Fields], Any] = lambda fields: True
    """Whether that field says something."""
    takes: Callable[[Fields], dict[str, Any]] = lambda fields: {"note": _note(fields)}
    drop: Callable[[Fields], dict[str, Any]] | None = None
    """What DELETE means, where it means something."""
    drop_needs: str = ""
    drop_reads: Callable[[Fields], Any] = lambda fields: True
    done: str = ""


VERBS: dict[str, Word] = {
    "acknowledge": Word(Verb.ACKNOWLEDGE, done="Acknowledged alert"),
    "unacknowledge": Word(Verb.UNACKNOWLEDGE, done="Unacknowledged alert"),
    "close": Word(Verb.RESOLVE, done="Closed alert"),
    "escalate": Word(Verb.ESCALATE, done="Escalated to next"),
    "snooze": Word(
        Verb.SNOOZE,
        "endTime",
        lambda fields: moment(fields.get("endTime")),
        lambda fields: {"until": moment(fields.get("endTime")), "note": _note(fields)},
        done="Snoozed alert",
    ),
    "assign": Word(
        Verb.ASSIGN,
        "owner",
        lambda fields: _named(fields, "owner"),
        lambda fields: {"person": _named(fields, "owner"), "note": _note(fields)},
        done="Assigned ownership",
    ),
    "teams": Word(
        Verb.ASSIGN,
        "team",
        lambda fields: _named(fields, "team"),
        lambda fields: {"team": _named(fields, "team"), "note": _note(fields)},
        done="Assigned to team",
    ),
    "notes": Word(
        Verb.NOTE, "note", lambda fields: _note({**fields, "user": ""}), done="Added note"
    ),
    "tags": Word(
        AMEND,
        "tags",
        _tags,
        lambda fields: _amend(fields, add_tags=_tags(fields)),
        lambda fields: _amend(fields, drop_tags=_tags(fields)),
        "tags",
        _tags,
        done="Changed tags",
    ),
    "details": Word(
        AMEND,
        "details",
        _details,
        lambda fields: _amend(fields, add_details=_details(fields)),
        lambda fields: _amend(fields, drop_details=_keys(fields)),
        "keys",
        _keys,
        done="Changed details",
    ),
    "message": Word(
        AMEND,
        "message",
        lambda fields: texts.line(texts.words(fields.get("message"))),
        lambda fields: _amend(fields, title=texts.line(texts.words(fields.get("message")))),
        done="Updated message",
    ),
    "description": Word(
        AMEND,
        "description",
        lambda fields: texts.clean(texts.words(fields.get("description"))),
        lambda fields: _amend(
            fields, description=texts.clean(texts.words(fields.get("description")))
        ),
        done="Updated description",
    ),
}


def missing(word: str, method: str, fields: Fields) -> str:
    """The field that a request lacks, or ""."""
    verb = VERBS[word]
    if method == "DELETE":
        return "" if verb.drop_reads(fields) else verb.drop_needs
    return "" if verb.reads(fields) else verb.needs


def prepare(said: Any, heard: Heard) -> Any:
    """Turn a stored verb into a signal or an ask.

    Acknowledge and close by alias are what recoveries come as, in storms too: they stay signals,
    which are worked off in batches.
    """
    address = heard.address
    fields = said if isinstance(said, dict) else {}
    word, alias = str(address.get("word")), address.get("alias")
    if isinstance(alias, str) and word in _SIGNALS:
        return {"action": _SIGNALS[word], "alias": alias, "note": _note(fields)}
    verb = VERBS[word]
    takes = verb.drop if address.get("drop") and verb.drop else verb.takes
    return Ask(
        verb.verb,
        alert_id=address.get("alert"),
        dedup_key=alias if isinstance(alias, str) else "",
        refusal=str(address.get("unknown", "")),
        **takes(fields),
    )


dialects = (
    Dialect("opsgenie", opsgenie),
    Dialect("opsgenie-verb", opsgenie, prepare, may_be_empty=True),
)
