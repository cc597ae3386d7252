"""Every write to a person, their contact methods and rules. One verb, one door."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.deletion import ProtectedError

from accounts import audit, verification
from accounts.channels import CHANNELS
from accounts.errors import NotAllowed
from accounts.fields import digests
from accounts.models import ContactMethod, NotificationRule, User
from accounts.roles import Role
from accounts.signals import duty_changes

MOST_METHODS = 20
MOST_RULES = 20


class Line(NamedTuple):
    """One line of somebody's notification rules."""

    contact_method_id: int
    delay_seconds: int


@transaction.atomic
def invite(
    *,
    email: str,
    name: str,
    roles: Sequence[str],
    actor: User | None,
    now: datetime,
    time_zone: str = "UTC",
) -> User:
    """Add a person who cannot sign in before they set a password by the link they are sent."""
    _may_give(roles, actor)
    user = User(
        email=email.strip().lower(), name=name.strip(), roles=list(roles), time_zone=time_zone
    )
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    audit.record("invited", user, actor=actor, now=now, roles=list(roles))
    return user


@transaction.atomic
def change_user(
    user: User,
    *,
    actor: User | None,
    now: datetime,
    roles: Sequence[str] | None = None,
    is_active: bool | None = None,
    name: str | None = None,
    time_zone: str | None = None,
    email: str | None = None,
) -> User:
    """Change what was given. The last Owner stays an active Owner: somebody must hold the keys."""
    if roles is not None or is_active is not None:
        duty_changes.send(User, users=[user.pk], now=now)
    user = User.objects.select_for_update().get(pk=user.pk)
    _may_touch(user, actor)
    if roles is not None and set(roles) != set(user.roles):
        _may_give(set(roles) ^ set(user.roles), actor)
        user.roles = list(roles)
    if is_active is not None:
        user.is_active = is_active
    user.name = user.name if name is None else name.strip()
    if email is not None and email.strip().lower() != user.email:
        user.email = email.strip().lower()
        EmailAddress.objects.filter(user=user).update(email=user.email, verified=False)
    user.time_zone = user.time_zone if time_zone is None else time_zone
    user.full_clean(exclude=["password"])
    if not user.is_owner and not _other_owner(user) and _is_owner_now(user):
        raise NotAllowed("This is the last Owner; make somebody else an Owner first.")
    user.save()
    audit.record("changed", user, actor=actor, now=now, roles=user.roles, is_active=user.is_active)
    return user


@transaction.atomic
def delete_user(user: User, *, actor: User | None, now: datetime) -> None:
    """Erase a person nothing points at; who stands in a rotation or an alert is made inactive."""
    if user == actor:
        raise NotAllowed("You cannot delete yourself.")
    if user.is_owner and not _other_owner(user):
        raise NotAllowed("This is the last Owner; make somebody else an Owner first.")
    _may_give(user.roles, actor)
    duty_changes.send(User, users=[user.pk], now=now)
    audit.record("deleted", user, actor=actor, now=now)
    try:
        user.delete()
    except ProtectedError:
        raise NotAllowed(
            f"{user} is part of a rotation or an alert; replace them there, or make them inactive."
        ) from None


def _may_touch(user: User, actor: User | None) -> None:
    if user.is_owner and actor not in {None, user} and not (actor and actor.is_owner):
        raise NotAllowed("Only an Owner changes another Owner.")


def _may_give(roles: Iterable[str], actor: User | None) -> None:
    if Role.OWNER in set(roles) and actor is not None and not actor.is_owner:
        raise NotAllowed("Only an Owner makes or unmakes an Owner.")


def _other_owner(user: User) -> bool:
    return User.objects.active().filter(roles__contains=[Role.OWNER]).exclude(pk=user.pk).exists()


def _is_owner_now(user: User) -> bool:
    return User.objects.active().filter(roles__contains=[Role.OWNER], pk=user.pk).exists()


@transaction.atomic
def add_contact_method(
    user: User, kind: str, address: str, *, actor: User | None, now: datetime, label: str = ""
) -> ContactMethod:
    """Add an address, not yet usable. Raises NotAllowed or ValidationError with one sentence."""
    _may_touch(user, actor)
    channel = CHANNELS.get(kind)
    if channel is None:
        raise NotAllowed("There is no such kind of contact method.")
    if user.contact_methods.count() >= MOST_METHODS:
        raise NotAllowed(f"{MOST_METHODS} contact methods are the limit.")
    method = ContactMethod(
        user=user, kind=kind, address=channel.clean(address), label=label.strip()[:60]
    )
    if not channel.code_by_message and actor == user:
        method.verified_at = now  # it was made by the signed-in browser itself
    try:
        with transaction.atomic():
            method.save()
    except IntegrityError:
        raise NotAllowed("This contact method is already on the list.") from None
    audit.record("added a contact method", method, actor=actor, now=now, user=user.pk, kind=kind)
    if method.is_usable:
        _first_rules(method)
    return method


@transaction.atomic
def change_contact_method(
    method: ContactMethod,
    *,
    actor: User,
    now: datetime,
    address: str | None = None,
    label: str | None = None,
) -> ContactMethod:
    """Change label or address. Another address is another thing to verify."""
    method = ContactMethod.objects.select_for_update().get(pk=method.pk)
    _may_touch(method.user, actor)
    if label is not None:
        method.label = label.strip()[:60]
    if address is not None:
        address = CHANNELS[method.kind].clean(address)
        if address != method.address:
            method.address, method.verified_at = address, None
            method.disabled_at, method.disabled_reason = None, ""
    try:
        with transaction.atomic():
            method.save()
    except IntegrityError:
        raise NotAllowed("This contact method is already on the list.") from None
    audit.record("changed a contact method", method, actor=actor, now=now, user=method.user_id)
    return method


@transaction.atomic
def remove_contact_method(method: ContactMethod, *, actor: User, now: datetime) -> None:
    """Remove it together with the rules that use it."""
    _may_touch(method.user, actor)
    audit.record("removed a contact method", method, actor=actor, now=now, user=method.user_id)
    method.delete()


def verify(method: ContactMethod, code: str, *, user: User, now: datetime) -> None:
    """Accept a code: this address, whichever way it is used by this person, is theirs."""
    verification.check_code(method, code, user=user, now=now)
    with transaction.atomic():
        same = user.contact_methods.select_for_update().filter(
            address_digest__in=digests(method.address)
        )
        for twin in same:  # one number may be both texted and called
            if not twin.is_usable:
                twin.verified_at, twin.disabled_at, twin.disabled_reason = now, None, ""
                twin.save(update_fields=["verified_at", "disabled_at", "disabled_reason"])
                audit.record("verified a contact method", twin, actor=user, now=now)
                _first_rules(twin)


def disable_address(kind: str, address: str, *, reason: str, now: datetime) -> int:
    """Switch off an address that is dead or said STOP, for everybody who has it."""
    found = ContactMethod.objects.at(kind, address).filter(disabled_at__isnull=True)
    return found.update(disabled_at=now, disabled_reason=reason[:200])


def _first_rules(method: ContactMethod) -> None:
    """A newly verified method joins its owner's rules; loud ones only at high urgency."""
    if method.rules.exists():
        return
    channel = CHANNELS[method.kind]
    for urgency in NotificationRule.Urgency:
        if urgency == NotificationRule.Urgency.HIGH or not channel.loud:
            NotificationRule.objects.create(
                user=method.user,
                urgency=urgency,
                contact_method=method,
                delay_seconds=channel.first_delay_seconds,
            )


@transaction.atomic
def set_rules(
    user: User, urgency: str, lines: Sequence[Line], *, actor: User, now: datetime
) -> None:
    """Replace one of the two sets by `lines`, in their order."""
    if urgency not in NotificationRule.Urgency.values:
        raise NotAllowed("The urgency is high or low.")
    if len(lines) > MOST_RULES:
        raise NotAllowed(f"{MOST_RULES} rules are the limit.")
    if len(set(lines)) != len(lines):
        raise NotAllowed("The same rule stands there twice.")
    own = set(user.contact_methods.values_list("pk", flat=True))
    if not own.issuperset(line.contact_method_id for line in lines):
        raise NotAllowed("A rule uses a contact method that is not on the list.")
    user.notification_rules.filter(urgency=urgency).delete()
    for position, line in enumerate(lines):
        rule = NotificationRule(user=user, urgency=urgency, position=position, **line._asdict())
        try:
            rule.full_clean(exclude=["user", "contact_method"])
        except ValidationError as error:
            raise NotAllowed(error.messages[0]) from None
        rule.save()
    audit.record("changed notification rules", user, actor=actor, now=now, urgency=urgency)
