"""Every write to a group, its members, contact methods and topics. One verb, one door."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.deletion import ProtectedError
from django.utils.text import slugify

from accounts import audit, verification
from accounts.channels import CHANNELS
from accounts.errors import NotAllowed
from accounts.models import User
from accounts.signals import duty_changes
from groups.models import Group, GroupContactMethod, Member, Topic

FLAGS = ("is_primary", "is_secondary", "is_manager", "can_edit")
MOST_MEMBERS = 500
LAST = 1_000_000  # a place behind everybody, until ranks are closed


def may_edit(group: Group, actor: User) -> bool:
    """Whether the person may change the group's people and how it is reached."""
    return Group.objects.editable_by(actor).filter(pk=group.pk).exists()


def check(group: Group, actor: User | None) -> None:
    """Refuse whoever may not edit the group; None is the system itself."""
    if actor is not None and not may_edit(group, actor):
        raise NotAllowed("Only those who may edit this group change it.")


def announce(group: Group, *, now: datetime) -> None:
    """Say that the group's people are about to change: what was is written down first."""
    duty_changes.send(Group, groups=[group.pk], now=now)


@transaction.atomic
def save_group(group: Group, *, actor: User | None, now: datetime) -> Group:
    """Create or change a group; a new one gets a slug from its name. Only admins create."""
    is_new = group.pk is None
    if not is_new:
        check(group, actor)
    elif actor is not None and not actor.has_perm("groups.add_group"):
        raise NotAllowed("Only an Owner or App Admin makes groups.")
    group.name = group.name.strip()
    if not group.slug:
        group.slug = _free_slug(group.name)
    group.full_clean()
    group.save()
    audit.record("created" if is_new else "changed", group, actor=actor, now=now)
    return group


def _free_slug(name: str) -> str:
    wanted = slugify(name)[:70] or "group"
    taken = set(Group.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    numbers = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(slug for slug in numbers if slug not in taken)


@transaction.atomic
def delete_group(group: Group, *, actor: User | None, now: datetime) -> None:
    """Delete a group nothing points at; one with alerts, schedules or integrations stays."""
    check(group, actor)
    audit.record("deleted", group, actor=actor, now=now)
    try:
        group.delete()
    except ProtectedError:
        raise NotAllowed(
            "This group is in use by alerts, schedules or integrations; make it inactive instead."
        ) from None


@transaction.atomic
def add_member(
    group: Group, user: User, *, actor: User | None, now: datetime, **flags: bool
) -> Member:
    """Put a person at the end of the order."""
    check(group, actor)
    announce(group, now=now)
    Group.objects.select_for_update(no_key=True).get(pk=group.pk)  # one sequence at a time
    if group.members.count() >= MOST_MEMBERS:
        raise NotAllowed(f"{MOST_MEMBERS} members are the limit.")
    if not user.is_active:
        raise NotAllowed(f"{user} is not active.")
    last = group.members.aggregate(last=Max("sequence"))["last"] or 0
    member = Member(group=group, user=user, sequence=last + 1, **_known(flags))
    member.full_clean()
    member.save()
    audit.record("added a member to", group, actor=actor, now=now, user=user.pk, **_known(flags))
    return member


@transaction.atomic
def change_member(member: Member, *, actor: User | None, now: datetime, **flags: bool) -> Member:
    """Set the given check boxes."""
    announce(member.group, now=now)
    member = Member.objects.select_for_update().select_related("group", "user").get(pk=member.pk)
    check(member.group, actor)
    for name, value in _known(flags).items():
        setattr(member, name, value)
    member.full_clean()
    member.save(update_fields=list(_known(flags)))
    audit.record(
        "changed a member of",
        member.group,
        actor=actor,
        now=now,
        user=member.user_id,
        **_known(flags),
    )
    return member


@transaction.atomic
def remove_member(member: Member, *, actor: User | None, now: datetime) -> None:
    """Take a person out; who stands in a rotation must be replaced there first."""
    check(member.group, actor)
    announce(member.group, now=now)
    try:
        with transaction.atomic():
            member.delete()
    except ProtectedError:
        raise NotAllowed(
            f"{member.user} is part of a rotation; replace them there first."
        ) from None
    audit.record("removed a member of", member.group, actor=actor, now=now, user=member.user_id)


@transaction.atomic
def reorder(group: Group, member_ids: Sequence[int], *, actor: User | None, now: datetime) -> None:
    """Set the order of all members; `member_ids` names each of them once."""
    check(group, actor)
    announce(group, now=now)
    members = {m.pk: m for m in group.members.select_for_update()}
    if sorted(member_ids) != sorted(members):
        raise NotAllowed("The order must name every member once; load the page again.")
    for sequence, pk in enumerate(member_ids, start=1):
        members[pk].sequence = sequence
    Member.objects.bulk_update(members.values(), ["sequence"])
    audit.record("reordered", group, actor=actor, now=now, members=list(member_ids))


def close_ranks(group: Group) -> None:
    """Number the members 1, 2, 3 … in the order they stand; equal places keep their age."""
    members = list(group.members.select_for_update().order_by("sequence", "pk"))
    for sequence, member in enumerate(members, start=1):
        member.sequence = sequence
    Member.objects.bulk_update(members, ["sequence"])


def _known(flags: dict[str, Any]) -> dict[str, bool]:
    if unknown := set(flags) - set(FLAGS):
        raise TypeError(f"no such check box: {', '.join(sorted(unknown))}")
    return {name: bool(value) for name, value in flags.items()}


@transaction.atomic
def add_contact_method(
    group: Group, kind: str, address: str, *, actor: User | None, now: datetime, label: str = ""
) -> GroupContactMethod:
    """Add an address of the group itself, not used before its code came back."""
    check(group, actor)
    channel = CHANNELS.get(kind)
    if channel is None or not channel.code_by_message:
        raise NotAllowed("A group cannot be reached in this way.")
    method = GroupContactMethod(
        group=group, kind=kind, address=channel.clean(address), label=label.strip()[:60]
    )
    try:
        with transaction.atomic():
            method.save()
    except IntegrityError:
        raise NotAllowed("This contact method is already on the list.") from None
    audit.record("added a contact method to", group, actor=actor, now=now, kind=kind)
    return method


def _locked(method: GroupContactMethod) -> GroupContactMethod:
    """Return it as it is now, whatever the provider or somebody else did to it meanwhile."""
    found = GroupContactMethod.objects.select_for_update(of=("self",)).select_related("group")
    return found.get(pk=method.pk)


@transaction.atomic
def change_contact_method(
    method: GroupContactMethod,
    *,
    actor: User | None,
    now: datetime,
    address: str | None = None,
    label: str | None = None,
) -> GroupContactMethod:
    """Change label or address. Another address is another thing to verify."""
    check(method.group, actor)
    method = _locked(method)
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
    audit.record("changed a contact method of", method.group, actor=actor, now=now)
    return method


def verify_contact_method(
    method: GroupContactMethod, code: str, *, actor: User, now: datetime
) -> None:
    """Accept the code this person had sent there."""
    check(method.group, actor)
    verification.check_code(method, code, user=actor, now=now)
    with transaction.atomic():
        if _locked(method).address_digest != method.address_digest:
            raise NotAllowed("The address has been changed; have a code sent to the new one.")
        method.verified_at, method.disabled_at, method.disabled_reason = now, None, ""
        method.save(update_fields=["verified_at", "disabled_at", "disabled_reason"])
        audit.record("verified a contact method of", method.group, actor=actor, now=now)


@transaction.atomic
def remove_contact_method(method: GroupContactMethod, *, actor: User | None, now: datetime) -> None:
    """Remove an address of the group."""
    check(method.group, actor)
    audit.record(
        "removed a contact method of", method.group, actor=actor, now=now, kind=method.kind
    )
    method.delete()


@transaction.atomic
def set_topics(group: Group, names: Sequence[str], *, actor: User | None, now: datetime) -> None:
    """Replace the group's topics; they are kept in small letters, once each."""
    check(group, actor)
    wanted = sorted({name.strip().lower() for name in names if name.strip()})
    if len(wanted) > 50 or any(len(name) > 60 for name in wanted):
        raise NotAllowed("At most 50 topics of at most 60 letters.")
    group.topics.exclude(name__in=wanted).delete()
    had = set(group.topics.values_list("name", flat=True))
    Topic.objects.bulk_create(Topic(group=group, name=name) for name in wanted if name not in had)
    audit.record("changed the topics of", group, actor=actor, now=now, topics=wanted)
