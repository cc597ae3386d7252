"""Policies as the plan reads them: frozen into versions, chosen for an alert, built in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import orjson

from alertops import prepared
from escalation.models import Policy, PolicyVersion
from escalation.plan import Aim, ChannelStep, LevelPlan, PolicyPlan
from escalation.states import Target

DEFAULT = PolicyPlan(
    name="Default policy",
    levels=(
        LevelPlan(Aim(Target.PRIMARY.value), wait=300),
        LevelPlan(Aim(Target.SECONDARY.value), wait=600),
        LevelPlan(Aim(Target.MANAGER.value), wait=600),
    ),
)
"""For a group that chose none: an alert always has a policy."""


def as_plan(policy: Policy) -> PolicyPlan:
    """Turn a policy's rows into the plan's words. Prefetch `levels__channels` for many."""
    return PolicyPlan(
        name=policy.name,
        notification_type=policy.notification_type,
        repeat_rounds=policy.repeat_rounds,
        acknowledgement_timeout=policy.acknowledgement_timeout_seconds,
        levels=tuple(
            LevelPlan(
                aim=Aim(level.target, level.user_id or level.group_id),
                times=level.times_to_notify,
                interval=level.interval_seconds,
                member_wait=level.member_wait_seconds,
                wait=level.wait_seconds,
                channels=tuple(
                    ChannelStep(step.kind, step.delay_seconds) for step in level.channels.all()
                ),
            )
            for level in sorted(policy.levels.all(), key=lambda level: level.position)
        ),
    )


_OF_GROUPS = """
SELECT group_id, policy_id FROM escalation_grouppolicy WHERE group_id = ANY(%s::bigint[])
"""
# What `as_plan` says, in one statement and the words of `PolicyPlan.to_json`.
_POLICIES = """
SELECT p.id, json_build_object(
    'name', p.name,
    'notification_type', p.notification_type,
    'repeat_rounds', p.repeat_rounds,
    'acknowledgement_timeout', p.acknowledgement_timeout_seconds,
    'levels', coalesce((
        SELECT json_agg(json_build_object(
            'aim', json_build_object('kind', l.target, 'id', coalesce(l.user_id, l.group_id)),
            'times', l.times_to_notify,
            'interval', l.interval_seconds,
            'member_wait', l.member_wait_seconds,
            'wait', l.wait_seconds,
            'channels', coalesce((
                SELECT json_agg(json_build_object('kind', c.kind, 'delay', c.delay_seconds)
                                ORDER BY c.delay_seconds, c.id)
                FROM escalation_levelchannel c WHERE c.level_id = l.id), '[]')
            ) ORDER BY l.position)
        FROM escalation_level l WHERE l.policy_id = p.id), '[]'))::text
FROM escalation_policy p WHERE p.id = ANY(%s::bigint[])
"""


class Choice:
    """Which policy each new escalation gets: the route's or integration's, else the group's.

    Two queries for any number of alerts; none where no escalation begins.
    """

    def __init__(self, hints: Iterable[int], group_ids: Iterable[int]) -> None:
        with prepared.cursor() as cursor:
            cursor.execute(_OF_GROUPS, [sorted(set(group_ids))])
            self._by_group: dict[int, int] = dict(cursor.fetchall())
            cursor.execute(_POLICIES, [sorted(set(hints) | set(self._by_group.values()))])
            self._plans = {
                pk: PolicyPlan.from_json(orjson.loads(body)) for pk, body in cursor.fetchall()
            }
        self._versions: dict[int | None, int] = {}

    def choose(self, hint: int | None, group_id: int | None) -> tuple[str, PolicyPlan, int]:
        """Return who chose, the plan and the id of its frozen version."""
        chosen_by, pk, plan = self.look(hint, group_id)
        return chosen_by, plan, self._version(pk, plan)

    def look(self, hint: int | None, group_id: int | None) -> tuple[str, int | None, PolicyPlan]:
        """Return who would choose, the policy's id and the plan. Writes nothing."""
        for chosen_by, pk in (
            ("integration", hint),
            ("group", self._by_group.get(group_id or 0)),
        ):
            plan = self._plans.get(pk) if pk is not None else None
            if plan is not None and plan.levels:
                return chosen_by, pk, plan
        return "default", None, DEFAULT

    def _version(self, pk: int | None, plan: PolicyPlan) -> int:
        if pk not in self._versions:
            self._versions[pk] = freeze(pk, plan)
        return self._versions[pk]


def freeze(policy_id: int | None, plan: PolicyPlan) -> int:
    """Return the id of the version that says exactly this, making it the first time."""
    body = plan.to_json()
    canonical = orjson.dumps([policy_id, body], option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(canonical).hexdigest()
    with prepared.cursor() as cursor:
        cursor.execute("SELECT id FROM escalation_policyversion WHERE digest = %s", [digest])
        if found := cursor.fetchone():
            return int(found[0])
    PolicyVersion.objects.bulk_create(
        [PolicyVersion(policy_id=policy_id, digest=digest, body=body)], ignore_conflicts=True
    )
    return int(PolicyVersion.objects.values_list("pk", flat=True).get(digest=digest))


def frozen(version_ids: Iterable[int]) -> dict[int, PolicyPlan]:
    """Read versions back, one query."""
    rows = PolicyVersion.objects.filter(pk__in=set(version_ids)).values_list("pk", "body")
    return {pk: PolicyPlan.from_json(body) for pk, body in rows}
