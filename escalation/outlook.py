"""What lies ahead: who is next on one alert, and what would happen to an alert that is not there.

Reads only. The same plan and the same people as the engine, asked about later instants.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.channels import CHANNELS
from accounts.models import User
from alerts.models import Alert
from alerts.states import Status, Wake, urgency_of
from escalation.directory import NO_IDS, Directory
from escalation.models import Escalation, Policy
from escalation.plan import PolicyPlan, Position, Recipient, Roster, next_level
from escalation.policies import Choice
from escalation.preview import FALLBACK, Chain, Names, Row
from escalation.states import Target
from groups.models import Group
from schedules import resolver, rosters
from schedules.oncall import OnCall
from schedules.states import Role

HORIZON = timedelta(days=30)
"""Overrides further ahead than this are not looked at; no escalation runs that long."""
SHOWN = 6
FIRST = Position()
MOST_STEPS = 500


class Foresight(Directory):
    """The engine's directory, able to say who will be on call later: one more query."""

    def learn(
        self, groups: Set[int], policies: Iterable[PolicyPlan], people: Set[int] = NO_IDS
    ) -> None:
        super().learn(groups, policies, people)
        self._rosters = rosters.load(self._members, self._now, self._now + HORIZON)

    def roster_at(self, group_id: int | None, at: datetime) -> Roster:
        """Who answers in this group at `at`. Ask one instant after the other."""
        self._on_call = {pk: _on_call(roster, at) for pk, roster in self._rosters.items()}
        self._answers = {}
        return self.roster(group_id)

    def fallback_at(self, group_id: int | None, at: datetime) -> tuple[str, tuple[Recipient, ...]]:
        self.roster_at(group_id, at)
        return self.fallback(group_id)


def _on_call(roster: rosters.Roster, at: datetime) -> OnCall:
    duties = resolver.on_call(roster.plan, at)
    return OnCall(
        primary=tuple(duty.user for duty in duties if duty.role == Role.PRIMARY),
        secondary=tuple(duty.user for duty in duties if duty.role == Role.SECONDARY),
        manager=roster.managers,
        has_schedule=roster.schedule is not None,
    )


def names(plans: Iterable[PolicyPlan]) -> Names:
    """The names a policy mentions by id; at most two queries."""
    aims = [level.aim for plan in plans for level in plan.levels]
    people = {aim.id for aim in aims if aim.kind == Target.USER and aim.id is not None}
    groups = {aim.id for aim in aims if aim.kind == Target.GROUP and aim.id is not None}
    return Names(
        dict(User.objects.filter(pk__in=people).values_list("pk", "name")) if people else {},
        dict(Group.objects.filter(pk__in=groups).values_list("pk", "name")) if groups else {},
        {kind: channel.noun or channel.label for kind, channel in CHANNELS.items()},
    )


def chain(
    policy: PolicyPlan,
    group_id: int | None,
    urgency: str,
    now: datetime,
    *,
    also: int | None = None,
) -> Chain:
    """Lay `policy` out for a group as it will be staffed from `now` on. `also`: one more person."""
    people = Foresight(now)
    people.learn({group_id} if group_id else set(), [policy], {also} if also else set())
    return Chain(policy, people, names([policy]), group_id, urgency)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would happen to an alert of this group at this instant."""

    policy: PolicyPlan
    policy_id: int | None
    chosen_by: str
    at: datetime
    rows: list[Row]
    is_cut: bool
    """The chain is longer than what is listed."""


def simulate(
    group: Group, severity: str, at: datetime, *, policy: Policy | None = None
) -> Simulation:
    """Lay out the whole chain for an alert opened at `at`. Writes nothing.

    `policy` stands for what an integration or route would name; without it the group's own is used.
    """
    choice = Choice([policy.pk] if policy else [], [group.pk])
    chosen_by, policy_id, plan = choice.look(policy.pk if policy else None, group.pk)
    laid_out = chain(plan, group.pk, urgency_of(severity).value, at)
    rows = laid_out.rows(at, Position(), most=MOST_STEPS)
    is_cut = not rows or rows[-1].kind != FALLBACK
    return Simulation(plan, policy_id, chosen_by, at, rows, is_cut)


@dataclass(slots=True)
class Outlook:
    """Who is next on one alert. `state` is a word of ours, for the template."""

    state: str
    alert: Alert
    policy_name: str = ""
    chosen_by: str = ""
    rows: list[Row] = field(default_factory=list)
    more: bool = False

    @property
    def first(self) -> Row | None:
        """The next thing that happens, skipped levels aside."""
        return next((row for row in self.rows if row.told or row.kind == FALLBACK), None)


def of_alert(alert: Alert, now: datetime) -> Outlook:
    """Say who is next on this alert and when. A fixed number of queries; writes nothing."""
    if alert.status != Status.TRIGGERED or alert.wake_at is None:
        return Outlook(alert.status, alert)
    running = Escalation.objects.select_related("version").filter(pk=alert.pk).first()
    plan, chosen_by = _policy(alert, running)
    laid_out = chain(plan, alert.group_id, alert.urgency.value, now, also=alert.assignee_id)
    at = max(alert.wake_at, now)
    outlook = Outlook(_state(alert, running, plan), alert, plan.name, chosen_by)
    if alert.wake == Wake.ASSIGNED and alert.assignee_id:
        outlook.rows = [laid_out.direct(alert.assignee_id, at)]
    elif alert.group_id is None:
        outlook.rows = [laid_out.fallback(at)]
    else:
        rows = laid_out.rows(at, _position(alert, running), most=SHOWN)
        outlook.rows, outlook.more = rows, rows[-1].kind != FALLBACK
    return outlook


def _begins(alert: Alert, running: Escalation | None) -> bool:
    return running is None or alert.wake in (Wake.START, Wake.SUPPRESSED)


def _policy(alert: Alert, running: Escalation | None) -> tuple[PolicyPlan, str]:
    """The frozen policy, or the one that will be frozen when the escalation begins."""
    if running is not None and not _begins(alert, running):
        return PolicyPlan.from_json(running.version.body), running.chosen_by
    hints = [alert.policy_hint] if alert.policy_hint else []
    choice = Choice(hints, [alert.group_id] if alert.group_id else [])
    chosen_by, _, plan = choice.look(alert.policy_hint, alert.group_id)
    return plan, chosen_by


def _position(alert: Alert, running: Escalation | None) -> Position:
    if running is None or _begins(alert, running):
        return Position()
    told = tuple(running.told)
    at = Position(running.round, running.level, running.member, running.send, told)
    return next_level(at) if alert.wake == Wake.ESCALATE else at


def _state(alert: Alert, running: Escalation | None, plan: PolicyPlan) -> str:
    if alert.snoozed_until:
        return "snoozed"
    if alert.suppressed:
        return "suppressed"
    if alert.parent_id:
        return "attached"
    if alert.wake in (Wake.ASSIGNED, Wake.RESUME) and alert.assignee_id:
        return "assigned"
    if _begins(alert, running):
        return "starting"
    if running is not None and running.exhausted_at is not None:
        if running.round > plan.repeat_rounds or alert.group_id is None:
            return "exhausted"
        if (running.round, running.level, running.member, running.send) == (0, 0, 0, 0):
            return "nobody"
    return "running"
