"""The story of the Basic Concepts: Payments On-Call, Priya on call this week, and the teams around.

Fills an empty database through the product's own doors: people, groups, schedules, policies,
integrations, and a week of alerts that the real engine escalated on a clock that stood still.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from accounts.channels import CHANNELS
from accounts.models import ContactMethod, NotificationRule, User
from accounts.roles import Role
from alertops import clock
from alertops.demo_facts import ADMIN_EMAIL, HISTORY, PEOPLE, TEAMS, ZONE, Past, Team
from alerts import actions
from alerts.actions import Move, Signal, open_alerts
from alerts.models import Alert
from alerts.states import Verb
from escalation import dispatch, engine
from escalation.models import GroupPolicy, Level, Policy
from escalation.states import Target
from groups.models import Group, GroupContactMethod, Member, Topic
from integrations.models import Integration, Route
from schedules.models import Override, Rotation, RotationMember, Schedule
from schedules.states import Fills, Unit


@dataclass
class Story:
    """What the demo made, as far as somebody must know it."""

    password: str
    datadog_key: str
    people: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    sources: dict[str, Integration] = field(default_factory=dict)


def is_empty() -> bool:
    """Whether nobody lives in this database yet."""
    return not User.objects.exists()


def seed(now: datetime) -> Story:
    """Fill an empty database and return what its newcomer must know."""
    story = Story(password=secrets.token_urlsafe(12), datadog_key="")
    with transaction.atomic():
        _people(story, now)
        policy = _payments_policy()
        for team in TEAMS:
            _team(story, team, now)
        GroupPolicy.objects.create(group=story.groups["Payments On-Call"], policy=policy)
        _sources(story)
    _history(story, now)
    return story


def _people(story: Story, now: datetime) -> None:
    admin = User.objects.create_user(
        ADMIN_EMAIL, story.password, name="Ada Admin", roles=[Role.OWNER.value], time_zone=ZONE
    )
    _reach(admin, "email", ADMIN_EMAIL, now)
    for number, (name, zone) in enumerate(PEOPLE):
        first = name.split()[0]
        email = f"{first.lower()}@example.com"
        user = User.objects.create_user(email, story.password, name=name, time_zone=zone)
        _reach(user, "sms", f"+1202555{100 + number:04d}", now)
        _reach(user, "push", _browser(), now)
        _reach(user, "email", email, now, loud=False)
        story.people[first] = user


def _reach(user: User, kind: str, address: str, now: datetime, *, loud: bool = True) -> None:
    """A verified contact method, used at once for the urgent and by e-mail for the rest."""
    method = ContactMethod.objects.create(
        user=user, kind=kind, address=CHANNELS[kind].clean(address), verified_at=now
    )
    if loud:
        NotificationRule.objects.create(user=user, urgency="high", contact_method=method)
    if kind == "email":
        NotificationRule.objects.create(user=user, urgency="low", contact_method=method)


def _browser() -> str:
    """A push subscription as a browser gives it, of a browser that is not there."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {
        "p256dh": base64.urlsafe_b64encode(point).decode().rstrip("="),
        "auth": base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="),
    }
    endpoint = f"https://push.example.com/{secrets.token_hex(8)}"
    return json.dumps({"endpoint": endpoint, "keys": keys})


def _payments_policy() -> Policy:
    policy = Policy.objects.create(
        name="Payments: Secondary after 5, Manager after 15 minutes",
        description="Priya's story in the Basic Concepts: T+0, T+5 min, T+15 min.",
        repeat_rounds=1,
    )
    for position, (target, wait) in enumerate(
        ((Target.PRIMARY, 300), (Target.SECONDARY, 600), (Target.MANAGER, 900)), start=1
    ):
        Level.objects.create(policy=policy, position=position, target=target, wait_seconds=wait)
    return policy


def _team(story: Story, team: Team, now: datetime) -> None:
    group = Group.objects.create(
        name=team.name,
        slug=team.name.lower().replace(" ", "-"),
        description=team.about,
        time_zone=ZONE,
        visibility=Group.Visibility.EVERYONE,
    )
    story.groups[team.name] = group
    for sequence, first in enumerate(dict.fromkeys((*team.turns, team.manager)), start=1):
        Member.objects.create(
            group=group,
            user=story.people[first],
            sequence=sequence,
            is_primary=first in team.turns,
            is_secondary=first in team.turns[1:],
            is_manager=first == team.manager,
            can_edit=first == team.manager,
        )
    GroupContactMethod.objects.create(
        group=group,
        kind="email",
        label="Team mailbox",
        address=f"{group.slug}@example.com",
        verified_at=now,
    )
    for name in team.topics:
        Topic.objects.create(group=group, name=name)
    if team.scheduled:
        _schedule(story, team, group, now)


def _schedule(story: Story, team: Team, group: Group, now: datetime) -> None:
    """The first in line is on call now, the next is Secondary; hand-off at nine on the wall."""
    schedule = Schedule.objects.create(group=group, name=f"{team.name} rota", time_zone=ZONE)
    local = now.astimezone(ZoneInfo(ZONE))
    day = local.date() if local.time() >= time(9) else local.date() - timedelta(days=1)
    if team.unit == Unit.WEEK:
        day -= timedelta(days=day.weekday())
    span = len(team.turns) * (7 if team.unit == Unit.WEEK else 1)
    rotation = Rotation.objects.create(
        schedule=schedule,
        name="Weekly" if team.unit == Unit.WEEK else "Daily",
        unit=team.unit,
        starts_on=day - timedelta(days=span * 4),
        handoff_at=time(9),
        fills=Fills.BOTH,
    )
    for position, first in enumerate(team.turns, start=1):
        RotationMember.objects.create(
            rotation=rotation, user=story.people[first], position=position
        )
    if team.name == "Checkout Service":
        start = now.replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=2)
        Override.objects.create(
            schedule=schedule,
            role="primary",
            user=story.people["Grace"],
            replaces=story.people["Lucia"],
            starts_at=start,
            ends_at=start + timedelta(hours=14),
            reason="Lucia is at a wedding",
            created_by=story.people["Elena"],
        )


def _sources(story: Story) -> None:
    groups = story.groups
    for name, kind, group in (
        ("Datadog", "datadog", "Payments On-Call"),
        ("Alertmanager production", "alertmanager", "Platform SRE"),
        ("Grafana", "grafana", "Checkout Service"),
        ("PagerDuty clients", "pagerduty", "Network Operations"),
        ("Backup scripts", "generic", "Database On-Call"),
    ):
        story.sources[name] = Integration.objects.create(name=name, kind=kind, group=groups[group])
    Route.objects.create(
        integration=story.sources["Alertmanager production"],
        position=1,
        name="Databases to their own team",
        conditions=[{"field": "labels.service", "operator": "starts", "value": "postgres"}],
        group=groups["Database On-Call"],
    )
    story.datadog_key = story.sources["Datadog"].key


Happening = Callable[[Story, Past, int], None]


def _history(story: Story, now: datetime) -> None:
    """Tell last week in order, standing still at each instant; the engine is the real one."""
    moments: list[tuple[datetime, int, Happening | None]] = []
    for number, past in enumerate(HISTORY):
        opened = now - timedelta(hours=past.hours_ago)
        moments.append((opened, number, _fire))
        for repeat in range(past.repeats):
            at = opened + timedelta(seconds=40 * (repeat + 1))
            moments.append((at, number, _fire))
        moments.extend((opened + timedelta(minutes=late), number, None) for late in (5, 15, 30))
        if past.by:
            at = opened + timedelta(minutes=past.answered)
            moments.append((at, number, _answer))
        if past.lasted:
            at = opened + timedelta(minutes=past.lasted)
            moments.append((at, number, _resolve))
    for at, number, happen in sorted(moments, key=lambda moment: moment[:2]):
        if at > now:
            continue
        clock.freeze(at)
        try:
            if happen is not None:
                happen(story, HISTORY[number], number)
            engine.tick(at)
            dispatch.run_once(at)
        finally:
            clock.release()


def _fire(story: Story, past: Past, number: int) -> None:
    source = story.sources[past.source]
    open_alerts(
        [
            Signal(
                source.pk,
                f"demo-{number}",
                "trigger",
                past.title,
                severity=past.severity,
                group_id=story.groups[past.group].pk,
                tags=["demo"],
            )
        ],
        now=clock.now(),
    )


def _find(past: Past, number: int) -> Alert:
    return Alert.objects.filter(dedup_key=f"demo-{number}").latest("pk")


def _answer(story: Story, past: Past, number: int) -> None:
    person = story.people[past.by]
    move = Move(actor=person, now=clock.now(), via="sms")
    actions.apply(Verb.ACKNOWLEDGE, _find(past, number).pk, move)


def _resolve(story: Story, past: Past, number: int) -> None:
    person = story.people.get(past.by)
    alert = _find(past, number)
    if past.note:
        note = Move(actor=person, now=clock.now(), via="page", note=past.note)
        actions.apply(Verb.NOTE, alert.pk, note)
    actions.apply(Verb.RESOLVE, alert.pk, Move(actor=person, now=clock.now(), via="page"))
