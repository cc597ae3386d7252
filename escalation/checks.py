"""What would keep a page from leaving, said before it has to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError

from accounts.channels import CHANNELS
from accounts.models import ContactMethod, User
from escalation.builtin import POLICIES
from escalation.models import LevelChannel, Notification, Policy
from escalation.policies import DEFAULT
from escalation.sending import SEND_BUDGET
from escalation.validity import problems


@register()
def engine(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The outbox's times fit together, channels fit the tables, our own policies make sense."""
    found: list[CheckMessage] = []
    if timedelta(seconds=settings.ESCALATION_LEASE_SECONDS) <= SEND_BUDGET:
        text = (
            f"ESCALATION_LEASE_SECONDS is {settings.ESCALATION_LEASE_SECONDS}: a lease must "
            f"outlast a send ({SEND_BUDGET.seconds} s), or messages are sent twice."
        )
        found.append(Error(text, id="escalation.E001"))
    longest = Notification._meta.get_field("channel").max_length or 0
    for kind, channel in CHANNELS.items():
        if kind != channel.kind or len(kind) > longest:
            text = f"The channel {kind!r} needs a name of its own of {longest} characters at most."
            found.append(Error(text, id="escalation.E002"))
    for plan in (DEFAULT, *(plan for plan, _ in POLICIES)):
        found += [
            Error(f"The pre-built policy {plan.name!r}: {sentence}", id="escalation.E003")
            for sentence in problems(plan)
        ]
    return found


@register(Tags.database)
def stored(
    app_configs: Sequence[AppConfig] | None = None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """With `check --database default`: what is stored can page somebody."""
    if not databases:
        return []
    try:
        return [*_policies(), *_last_resort()]
    except DatabaseError:  # before the first migration there is nothing to say
        return []


def _policies() -> list[CheckMessage]:
    empty = Policy.objects.filter(levels=None).order_by("name").values_list("name", flat=True)
    found: list[CheckMessage] = [
        Warning(
            f"The policy {name!r} has no levels: the default policy is used instead.",
            id="escalation.W001",
        )
        for name in empty
    ]
    unknown = LevelChannel.objects.exclude(kind__in=list(CHANNELS)).select_related("level__policy")
    return found + [
        Warning(
            f"The policy {row.level.policy.name!r} uses a channel {row.kind!r} that is not there.",
            id="escalation.W002",
        )
        for row in unknown
    ]


def _last_resort() -> list[CheckMessage]:
    """The App Admins are paged when nobody else can be."""
    reachable = ContactMethod.objects.usable().filter(user__in=User.objects.admins().order_by())
    if reachable.exists() or not User.objects.active().exists():
        return []
    text = (
        "No Owner or App Admin has a verified contact method: "
        "when nobody is on call, nobody at all is paged."
    )
    return [Warning(text, id="escalation.W003")]
