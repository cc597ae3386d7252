"""Every change of a policy and of who uses which, audited. Running escalations keep their own:
they froze the policy when they began."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from escalation.models import GroupPolicy, Level, LevelChannel, Policy
from escalation.plan import PolicyPlan
from escalation.states import Target
from escalation.usage import used_by
from escalation.validity import problems
from groups.models import Group


@transaction.atomic
def save_policy(policy: Policy, plan: PolicyPlan, *, actor: User | None, now: datetime) -> Policy:
    """Store a policy as `plan` says, its levels replaced as a whole.

    Raises ValidationError with a sentence per problem.
    """
    if found := problems(plan):
        raise ValidationError(found)
    verb = "changed the policy" if policy.pk else "added the policy"
    policy.name = plan.name
    policy.notification_type = plan.notification_type
    policy.repeat_rounds = plan.repeat_rounds
    policy.acknowledgement_timeout_seconds = plan.acknowledgement_timeout
    policy.full_clean()
    policy.save()
    policy.levels.all().delete()
    for position, level in enumerate(plan.levels, start=1):
        row = Level.objects.create(
            policy=policy,
            position=position,
            target=level.aim.kind,
            user_id=level.aim.id if level.aim.kind == Target.USER else None,
            group_id=level.aim.id if level.aim.kind == Target.GROUP else None,
            times_to_notify=level.times,
            interval_seconds=level.interval,
            member_wait_seconds=level.member_wait,
            wait_seconds=level.wait,
        )
        LevelChannel.objects.bulk_create(
            LevelChannel(level=row, kind=step.kind, delay_seconds=step.delay)
            for step in level.channels
        )
    audit.record(verb, policy, actor=actor, now=now)
    return policy


@transaction.atomic
def delete_policy(policy: Policy, *, actor: User | None, now: datetime) -> None:
    """Remove a policy nobody uses. Raises NotAllowed naming the users."""
    Policy.objects.select_for_update().get(pk=policy.pk)
    if users := used_by(policy):
        raise NotAllowed(f"{policy} is used by {users}; give them another policy first.")
    audit.record("deleted the policy", policy, actor=actor, now=now)
    policy.delete()


@transaction.atomic
def choose_policy(
    group: Group, policy: Policy | None, *, actor: User | None, now: datetime
) -> None:
    """Have a group use a policy from its next alert on; None: the default."""
    if policy is None:
        GroupPolicy.objects.filter(group=group).delete()
    else:
        GroupPolicy.objects.update_or_create(group=group, defaults={"policy": policy})
    chosen = policy.name if policy else "the default"
    audit.record("chose the policy of", group, actor=actor, now=now, policy=chosen)
