"""Plain functions with keyword defaults that build what a test needs."""

from __future__ import annotations

from typing import Any

from accounts.models import ContactMethod, NotificationRule, User
from alertops import clock
from alerts import actions
from alerts.models import Alert
from alerts.states import Severity
from escalation.models import GroupPolicy, Level, LevelChannel, Policy
from groups.models import Group, Member

PHONES = iter(range(100, 1_000_000))


def person(name: str, *, channels: tuple[str, ...] = ("sms",), **fields: Any) -> User:
    """A person with verified contact methods of these channels, each used at once."""
    fields.setdefault("email", f"{name.lower()}@example.com")
    user = User.objects.create_user(password=None, name=name, **fields)
    for kind in channels:
        contact(user, kind)
    return user


def contact(
    user: User, kind: str = "sms", *, address: str = "", delay: int = 0, rule: bool = True
) -> ContactMethod:
    """A verified contact method, by default used at once in both urgencies."""
    if not address:
        number = f"+1415555{next(PHONES) % 10000:04d}"
        address = number if kind in {"sms", "voice"} else f"{user.pk}.{kind}@example.com"
    method = ContactMethod.objects.create(
        user=user, kind=kind, address=address, verified_at=clock.now()
    )
    if rule:
        for urgency in ("high", "low"):
            NotificationRule.objects.create(
                user=user, urgency=urgency, contact_method=method, delay_seconds=delay
            )
    return method


def group(
    name: str = "Payments",
    *,
    primary: tuple[User, ...] = (),
    secondary: tuple[User, ...] = (),
    manager: tuple[User, ...] = (),
    policy: Policy | None = None,
    **fields: Any,
) -> Group:
    """A group without a schedule: its members answer in the order given."""
    made = Group.objects.create(name=name, slug=name.lower().replace(" ", "-"), **fields)
    everyone = list(dict.fromkeys((*primary, *secondary, *manager)))
    for sequence, user in enumerate(everyone, start=1):
        Member.objects.create(
            group=made,
            user=user,
            sequence=sequence,
            is_primary=user in primary,
            is_secondary=user in secondary,
            is_manager=user in manager,
        )
    if policy is not None:
        GroupPolicy.objects.create(group=made, policy=policy)
    return made


def policy(
    *levels: dict[str, Any], name: str = "Test policy", repeat: int = 0, **fields: Any
) -> Policy:
    """A policy of levels, each a dict of Level's fields; times in seconds."""
    made = Policy.objects.create(name=name, repeat_rounds=repeat, **fields)
    for position, level in enumerate(levels, start=1):
        channels = level.pop("channels", ())
        row = Level.objects.create(policy=made, position=position, **level)
        for kind, delay in channels:
            LevelChannel.objects.create(level=row, kind=kind, delay_seconds=delay)
    return made


def alert(
    group: Group | None = None,
    *,
    title: str = "Database is down",
    severity: Severity = Severity.CRITICAL,
    actor: User | None = None,
    assignee: User | None = None,
) -> Alert:
    """An open alert, made by hand."""
    return actions.create(
        title=title,
        group=group,
        assignee=assignee,
        severity=severity,
        actor=actor,
        now=clock.now(),
    )
