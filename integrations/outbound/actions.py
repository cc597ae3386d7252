"""Every change of outbound connections by people: checked, saved, and in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django_q.tasks import async_task

from accounts import audit
from accounts.models import User
from integrations.actions import NotAllowed
from integrations.models import Integration, OutboundConnection, OutboundMessage, OutboundSecret
from integrations.outbound import examples, proofs, reader, signing
from integrations.outbound.contract import TEST, Tool, address
from integrations.outbound.states import GIVE_UP, UNFINISHED, Progress
from integrations.tasks import tell_other_tools

GRACES: dict[str, tuple[str, timedelta]] = {
    "day": ("for a day", timedelta(days=1)),
    "week": ("for a week", timedelta(days=7)),
    "none": ("not at all", timedelta()),
}
"""How long a secret that is replaced goes on signing."""
TESTS = 5
"""Test messages one person may send a minute."""


def check_settings(tool: Tool, values: Mapping[str, str]) -> dict[str, str]:
    """The settings as they are kept. Raises ValidationError by the setting's name, or for all."""
    kept: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for each in tool.settings:
        value = str(values.get(each.name) or "").strip() or each.default
        kept[each.name] = value
        if not value and each.is_required:
            wrong[each.name] = f"{each.label} is needed."
        elif value and each.choices and value not in dict(each.choices):
            wrong[each.name] = f"{each.label}: choose one of the list."
        elif each.is_proof and proofs.too_short(value):
            wrong[each.name] = f"{each.label}: make it at least {proofs.SHORTEST} characters long."
        elif value and each.is_address:
            try:
                address(value)
            except ValueError as error:
                wrong[each.name] = str(error)
    if wrong:
        raise ValidationError({name: [sentence] for name, sentence in wrong.items()})
    try:
        tool.check(kept)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    return kept


@transaction.atomic
def save(
    link: OutboundConnection,
    *,
    values: Mapping[str, str],
    integrations: Iterable[Integration],
    actor: User | None,
    now: datetime,
) -> OutboundConnection:
    """Check and keep a connection. A new one carries its secret and its hook, this once, on
    `.secret` and `.hook`. What happened before it was switched on is not told."""
    is_new = link.pk is None
    was_active = not is_new and (
        OutboundConnection.objects.filter(pk=link.pk, is_active=True).exists()
    )
    link.settings = check_settings(link.kind, values)
    if is_new:
        link.created_by = actor
        if link.kind.listens:
            link.issue_hook()
    if link.is_active and not was_active:
        link.told_from = reader.last_event()
    link.full_clean()
    if is_new:
        link.save()
    else:
        link.save(update_fields=_TOLD_BY_PEOPLE)
    link.integrations.set(integrations)
    if is_new and link.kind.signed:
        link.secret = _new_secret(link)
    verb = "added an outbound connection" if is_new else "changed an outbound connection"
    audit.record(verb, link, actor=actor, now=now, tool=link.tool, is_active=link.is_active)
    _start()
    return link


_TOLD_BY_PEOPLE = ["name", "is_active", "group", "events", "sealed", "told_from"]


def _new_secret(link: OutboundConnection) -> str:
    value = signing.new()
    OutboundSecret.objects.create(connection=link, value=value, prefix=value[: signing.SHOWN])
    return value


def _start() -> None:
    """The loop ends where nobody is to be told anything; it may be needed now."""
    transaction.on_commit(lambda: async_task(tell_other_tools))


@transaction.atomic
def rotate_secret(
    link: OutboundConnection, *, grace: timedelta, actor: User | None, now: datetime
) -> str:
    """Make a new signing secret and return it; it is never seen again. The one it replaces signs
    beside it for `grace`."""
    if not link.kind.signed:
        raise NotAllowed(f"{link.kind.label} messages carry no signature of ours.")
    OutboundConnection.objects.select_for_update().get(pk=link.pk)
    link.secrets.filter(valid_until__isnull=True).update(valid_until=now + grace)
    link.secrets.filter(valid_until__lte=now).delete()
    link.secret = _new_secret(link)
    audit.record(
        "made a new signing secret", link, actor=actor, now=now, grace_seconds=grace.total_seconds()
    )
    return link.secret


@transaction.atomic
def new_hook(link: OutboundConnection, *, actor: User | None, now: datetime) -> str:
    """Give its hook a new address; the old one is void at once."""
    if not link.kind.listens:
        raise NotAllowed(f"{link.kind.label} does not send anything back.")
    row = OutboundConnection.objects.select_for_update().get(pk=link.pk)
    link.hook = row.issue_hook()
    row.save(update_fields=["hook_digest", "hook_prefix"])
    link.hook_prefix, link.hook_digest = row.hook_prefix, row.hook_digest
    audit.record("made a new hook for a connection", row, actor=actor, now=now)
    return link.hook


@transaction.atomic
def switch_on(link: OutboundConnection, *, actor: User | None, now: datetime) -> None:
    """Send again to a connection that was switched off for a day."""
    OutboundConnection.objects.filter(pk=link.pk).update(
        off_until=None, off_reason="", gave_up=0, failures=0, rest_until=None, owners_due=False
    )
    OutboundMessage.objects.filter(connection=link, state=Progress.QUEUED).update(next_try_at=now)
    audit.record("switched an outbound connection on", link, actor=actor, now=now)
    _start()


@transaction.atomic
def delete(link: OutboundConnection, *, actor: User | None, now: datetime) -> None:
    """Remove a connection with its log. What it was told cannot be taken back."""
    audit.record("removed an outbound connection", link, actor=actor, now=now)
    link.delete()


@transaction.atomic
def send_test(link: OutboundConnection, *, actor: User, now: datetime) -> OutboundMessage:
    """Queue a message that plainly says it is a test. Raises NotAllowed."""
    if not link.is_active:
        raise NotAllowed(f"{link.name} is not active; switch it on to test it.")
    verb = "sent an outbound test"
    if audit.recent(verb, actor=actor, since=now - timedelta(minutes=1)) >= TESTS:
        raise NotAllowed("That is enough for now; try again in a minute.")
    base = django_settings.PUBLIC_URL
    news = examples.trial(f"test-{uuid4().hex}", now, base, actor.name)
    message = OutboundMessage.objects.create(
        connection=link,
        kind=TEST,
        news=news.to_dict(),
        next_try_at=now,
        give_up_at=now,  # a test is tried once
        created_at=now,
    )
    OutboundConnection.objects.filter(pk=link.pk).update(rest_until=None, off_until=None)
    audit.record(verb, link, actor=actor, now=now)
    _start()
    return message


@transaction.atomic
def send_again(message: OutboundMessage, *, actor: User | None, now: datetime) -> None:
    """Put a finished message back into the queue, with the same id. Raises NotAllowed."""
    row = OutboundMessage.objects.select_for_update().get(pk=message.pk)
    if row.state in UNFINISHED:
        raise NotAllowed("This message is still waiting; it is sent by itself.")
    row.state, row.next_try_at, row.finished_at = Progress.QUEUED, now, None
    row.give_up_at = now + GIVE_UP if row.alert_id else now
    row.save(update_fields=["state", "next_try_at", "finished_at", "give_up_at"])
    audit.record("sent an outbound message again", row, actor=actor, now=now)
    _start()
