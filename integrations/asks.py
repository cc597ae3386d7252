"""What a tool's API may ask of an alert besides trigger, acknowledge and resolve by its key.

An ask comes through the inbox like every event, so it never overtakes what was sent before it,
and it reaches the alerts of its own integration only. A refusal is an outcome with a sentence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction

from accounts.models import User
from alerts import actions
from alerts.amend import Change, amend
from alerts.models import Alert
from alerts.signals_in import Outcome, Signal, open_alerts
from alerts.states import NotAllowed, Verb
from groups.models import Group
from integrations.states import Outcome as Word

AMEND = "amend"
_WORDS = {Verb.ACKNOWLEDGE: Word.ACKNOWLEDGED, Verb.RESOLVE: Word.RESOLVED}


@dataclass(frozen=True, slots=True)
class Ask:
    """One verb for one alert: named by its number, or by the key of an open one."""

    verb: str
    """A Verb, or AMEND."""
    alert_id: int | None = None
    dedup_key: str = ""
    note: str = ""
    until: datetime | None = None
    person: str = ""
    """An e-mail address, for assign."""
    team: str = ""
    """A group's name or slug, for assign."""
    change: Change = field(default_factory=Change)
    refusal: str = ""
    """Why nothing can be done, where the door already knew."""
    source_id: int = 0

    def of(self, source_id: int) -> "Ask":
        """The same, for the alerts of this integration."""
        return replace(self, source_id=source_id)


def settle(said: Sequence[Signal | Ask], *, now: datetime) -> list[Outcome]:
    """Work signals and asks off in order; the answers come in the same order.

    Signals between two asks are one batch, so what has no asks costs what it always did.
    """
    return list(_settled(said, now))


def _settled(said: Sequence[Signal | Ask], now: datetime) -> Iterator[Outcome]:
    for is_ask, run in groupby(said, key=lambda each: isinstance(each, Ask)):
        if is_ask:
            yield from (_apply(each, now) for each in run if isinstance(each, Ask))
        else:
            signals = [each for each in run if isinstance(each, Signal)]
            yield from open_alerts(signals, now=now)


def _apply(ask: Ask, now: datetime) -> Outcome:
    alert_id = None if ask.refusal else _alert_of(ask)
    if alert_id is None:
        named = f"number {ask.alert_id}" if ask.alert_id else f"the key {ask.dedup_key!r}"
        detail = ask.refusal or f"This integration has no open alert with {named}."
        return Outcome(Word.NO_OPEN_ALERT.value, None, detail)
    try:
        with transaction.atomic():
            word = _do(ask, alert_id, now)
    except NotAllowed as refusal:
        return Outcome(Word.IGNORED.value, alert_id, str(refusal))
    return Outcome(word.value, alert_id)


def _alert_of(ask: Ask) -> int | None:
    alerts = Alert.objects.filter(source_id=ask.source_id)
    if ask.alert_id is not None:
        found = alerts.filter(pk=ask.alert_id)
    else:
        found = alerts.open().filter(dedup_key=ask.dedup_key)
    return found.values_list("pk", flat=True).first()


def _do(ask: Ask, alert_id: int, now: datetime) -> Word:
    if ask.verb == AMEND:
        amend(alert_id, ask.change, now=now, note=ask.note)
        return Word.CHANGED
    verb = Verb(ask.verb)
    extra: dict[str, Any] = _target(ask) if verb is Verb.ASSIGN else {}
    move = actions.Move(actor=None, now=now, via="source", note=ask.note, until=ask.until, **extra)
    actions.apply(verb, alert_id, move)
    return _WORDS.get(verb, Word.CHANGED)


def _target(ask: Ask) -> dict[str, Any]:
    """Whom to assign to. A name nobody has is refused, and the alert stays where it is."""
    if ask.person:
        person = User.objects.filter(email__iexact=ask.person, is_active=True).first()
        if person is None:
            raise NotAllowed(f"Nobody here has the e-mail address {ask.person}.")
        return {"assignee": person}
    groups = Group.objects.filter(is_active=True)
    found = groups.filter(slug=ask.team).first() or groups.filter(name__iexact=ask.team).first()
    if found is None:
        raise NotAllowed(f"There is no group named {ask.team}.")
    return {"group": found}
