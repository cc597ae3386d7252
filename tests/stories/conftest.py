"""Payments On-Call as the Basic Concepts tell it, with a phone company and a push service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import pytest

from accounts.channels import CHANNELS
from accounts.models import User
from alertops import clock
from groups.models import Group
from integrations import store
from integrations.models import Integration
from schedules.models import Rotation, RotationMember, Schedule
from tests import builders
from tests.doubles.push import PushDouble


@pytest.fixture
def browser(push_double: PushDouble, settings: Any) -> PushDouble:
    settings.PUSH_ALLOW_PRIVATE = True
    push_double.now = lambda: clock.now().timestamp()
    return push_double


@dataclass
class Payments:
    group: Group
    datadog: Integration
    priya: User
    marcus: User
    elena: User


@pytest.fixture
def payments(db: None, browser: PushDouble) -> Iterator[Payments]:
    """Priya is on call this week, Marcus is next in line, Elena is the manager."""
    priya = builders.person("Priya", channels=())
    builders.contact(priya, "sms", address="+14155550101")
    subscription = CHANNELS["push"].clean(json.dumps(browser.subscribe()))
    builders.contact(priya, "push", address=subscription)
    marcus, elena = builders.person("Marcus", channels=()), builders.person("Elena", channels=())
    builders.contact(marcus, "sms", address="+14155550102")
    builders.contact(elena, "sms", address="+14155550103")
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300},
        {"target": "secondary", "wait_seconds": 600},
        {"target": "manager", "wait_seconds": 600},
        name="Secondary after 5, Manager after 15 minutes",
    )
    group = builders.group(
        "Payments On-Call", primary=(priya, marcus), manager=(elena,), policy=policy
    )
    schedule = Schedule.objects.create(group=group, name="Weekly", time_zone="Europe/Vienna")
    rotation = Rotation.objects.create(
        schedule=schedule,
        name="Week by week",
        unit="week",
        starts_on=date(2026, 3, 2),
        handoff_at=time(8),
        fills="both",
    )
    for position, user in enumerate((priya, marcus), start=1):
        RotationMember.objects.create(rotation=rotation, user=user, position=position)
    datadog = Integration.objects.create(name="Datadog", kind="datadog", group=group)
    store.forget_limits()
    yield Payments(group, datadog, priya, marcus, elena)
    store.close()
