"""A team that keeps to itself, with one of everything: what a stranger must never read.

Every text of the team holds MARK, and every first row of a table has the number NUMBER, so that
one address with NUMBER in it leads to the team's own row, whatever the address is of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from accounts import tokens
from accounts.models import User
from alertops import clock
from alerts.links import make_link_token
from alerts.models import Alert
from alerts.states import Severity
from escalation import dispatch, engine
from escalation.models import GroupPolicy, Policy
from groups.models import Group, GroupContactMethod, Member, Topic
from integrations import actions_heartbeats, actions_maintenance, actions_replays, inbox
from integrations.models import (
    Heartbeat,
    InboundEvent,
    Integration,
    MailRule,
    MaintenanceWindow,
    OutboundConnection,
    Route,
    Service,
)
from integrations.outbound import actions as outbound_actions
from schedules import actions_feeds
from schedules.models import (
    FixedShift,
    ImportedCalendar,
    NoticeSettings,
    Override,
    Rotation,
    RotationMember,
    Schedule,
    SwapRequest,
    TemporarySchedule,
    TemporaryShift,
    TimeOff,
)
from tests import builders

MARK = "zq9hush"
NUMBER = 770077
SLUG = f"{MARK}-team"
OURS = ("accounts", "groups", "schedules", "alerts", "escalation", "integrations")
PHONE = "+12025550177"


@dataclass
class Planted:
    """The team, and what opens its doors."""

    group: Group
    member: User
    alert: Alert
    heartbeat: Heartbeat
    secrets: dict[str, str]
    """Keys and tokens as their owners know them."""

    @property
    def unspeakable(self) -> list[str]:
        """What may stand in no answer to a stranger."""
        return [MARK, PHONE, PHONE[2:], *self.secrets.values()]


def models() -> list[type[Model]]:
    return [model for app in OURS for model in apps.get_app_config(app).get_models()]


def count_from(number: int, *, what: list[type[Model]]) -> None:
    """Let the next row of these tables have this number."""
    with connection.cursor() as cursor:
        for model in what:
            column = model._meta.pk.column
            cursor.execute(
                "SELECT setval(sequence::regclass, %s, false)"
                " FROM pg_get_serial_sequence(%s, %s) AS sequence WHERE sequence IS NOT NULL",
                [number, model._meta.db_table, column],
            )


def plant(now: datetime | None = None) -> Planted:
    """Write the team into the database, in which nothing of these tables was numbered yet."""
    now = now or clock.now()
    count_from(NUMBER, what=models())
    member = builders.person("Ines", channels=(), email=f"ines.{MARK}@example.com")
    builders.contact(member, "sms", address=PHONE)
    builders.contact(member, "email", address=f"private.{MARK}@example.com")
    group = Group.objects.create(
        name=f"Team {MARK}", slug=SLUG, description=MARK, visibility=Group.Visibility.MEMBERS
    )
    Member.objects.create(
        group=group, user=member, sequence=1, is_primary=True, is_manager=True, can_edit=True
    )
    GroupContactMethod.objects.create(
        group=group, kind="email", label=MARK, address=f"{MARK}@example.com", verified_at=now
    )
    Topic.objects.create(group=group, name=MARK)
    builders.policy({"target": "primary"}, name="Ours alone")
    GroupPolicy.objects.create(group=group, policy=Policy.objects.get(pk=NUMBER))
    secrets = _schedule(group, member, now)
    alert = _alert(group, now)
    secrets |= _tools(group, member, now)
    outbound_actions.send_test(OutboundConnection.objects.get(pk=NUMBER), actor=member, now=now)
    _, secrets["token"] = tokens.create(member, name=MARK, scopes=["write"], actor=None, now=now)
    secrets["link"] = make_link_token(alert.pk, member.pk, alert.epoch, now)
    empty = [model for model in models() if not model._base_manager.filter(pk=NUMBER).exists()]
    count_from(NUMBER + 1, what=empty)  # what has this number is the team's
    return Planted(group, member, alert, Heartbeat.objects.latest("pk"), secrets)


def _alert(group: Group, now: datetime) -> Alert:
    alert = builders.alert(group, title=f"Disk of {MARK} is full", severity=Severity.CRITICAL)
    Alert.objects.filter(pk=alert.pk).update(description=MARK, details={MARK: MARK}, tags=[MARK])
    engine.tick(now)
    dispatch.run_once(now)
    alert.refresh_from_db()
    return alert


def _schedule(group: Group, member: User, now: datetime) -> dict[str, str]:
    day, hour = timedelta(days=1), timedelta(hours=1)
    today = now.date()
    schedule = Schedule.objects.create(group=group, name=f"Rota {MARK}", time_zone="UTC")
    rotation = Rotation.objects.create(
        schedule=schedule, name=f"Weekly {MARK}", unit="week", starts_on=today - 30 * day,
        handoff_at="09:00", fills="both",
    )  # fmt: skip
    RotationMember.objects.create(rotation=rotation, user=member, position=1)
    FixedShift.objects.create(
        schedule=schedule, name=f"Fixed {MARK}", role="primary", starts_on=today,
        starts_time="09:00", ends_on=today + day, ends_time="09:00", is_nobody=True,
    )  # fmt: skip
    ImportedCalendar.objects.create(
        schedule=schedule, name=f"Feed {MARK}", url=f"https://example.com/{MARK}.ics"
    )
    NoticeSettings.objects.create(schedule=schedule)
    later = {"starts_at": now + 2 * day, "ends_at": now + 2 * day + hour}
    Override.objects.create(schedule=schedule, user=member, reason=MARK, **later)
    TimeOff.objects.create(user=member, group=group, reason=MARK, **later)
    SwapRequest.objects.create(schedule=schedule, user=member, note=MARK, **later)
    temporary = TemporarySchedule.objects.create(
        schedule=schedule, name=MARK, starts_at=now + 9 * day, ends_at=now + 10 * day
    )
    TemporaryShift.objects.create(
        temporary=temporary, user=member, starts_at=now + 9 * day, ends_at=now + 10 * day
    )
    _, address = actions_feeds.create_feed(member, now=now, schedule=schedule)
    return {"feed": address.rpartition("/")[2].removesuffix(".ics")}


def _tools(group: Group, member: User, now: datetime) -> dict[str, str]:
    integration = Integration.objects.create(kind="generic", group=group, name=f"Tool {MARK}")
    Route.objects.create(integration=integration, position=1, name=MARK, conditions=[], group=group)
    MailRule.objects.create(integration=integration, value=MARK, action="trigger")
    body = json.dumps({"title": f"Event of {MARK}"}).encode()
    InboundEvent.objects.create(
        integration=integration, body=body, content_type="application/json", received_at=now
    )
    inbox.process(now)
    actions_replays.start(actions_replays.Range(1, 2**40), is_dry=True, actor=None, now=now)
    Service.objects.create(name=f"Service {MARK}", group=group, description=MARK)
    beat = Heartbeat(name=f"Backup {MARK}", group=group, period_seconds=300)
    ping = actions_heartbeats.save(beat, actor=None, now=now).key
    tomorrow = (now + timedelta(days=1)).date()
    window = MaintenanceWindow(
        name=f"Works {MARK}", reason=MARK, time_zone="UTC", everything=True,
        first_on=tomorrow, begins_at="01:00", last_on=tomorrow, ends_at="02:00",
    )  # fmt: skip
    about: dict[str, Any] = {"integrations": (), "services": (), "groups": ()}
    actions_maintenance.save_window(window, **about, actor=None, now=now)
    link = OutboundConnection(name=f"Out {MARK}", tool="webhook", events=["opened"], group=group)
    values: dict[str, str] = {"url": f"https://hooks.example.com/{MARK}"}
    outbound_actions.save(link, values=values, integrations=(), actor=member, now=now)
    return {"key": integration.key, "ping": ping, "signing secret": link.secrets.get().value}


def theirs() -> dict[str, Any]:
    """Every row that is the team's or points to something of it: what a stranger may not change."""
    found: dict[str, Any] = {}
    for model in models():
        rows = model._base_manager.filter(pk=NUMBER)
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model in models():
                rows = rows | model._base_manager.filter(**{field.attname: NUMBER})
        for row in rows.values():
            row.pop("last_used_at", None)
            found[f"{model._meta.label} {row[model._meta.pk.attname]}"] = row
    return found
