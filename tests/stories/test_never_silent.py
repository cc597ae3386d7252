"""Whatever people, sources, maintenance and time do in whatever order: an alert that somebody ought
to be paged about is paged, or stands with the instant at which it will be.

Random walks over everything that touches an alert. After each step, with the loops at rest, every
open alert must be able to say when somebody looks at it again, and why that is soon enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import ContactMethod, User
from alertops import clock as the_clock
from alerts import actions, bundles
from alerts.actions import Move, NotAllowed
from alerts.models import Alert, AlertEvent
from alerts.states import Status, Verb, Wake
from escalation.consequences import disable
from escalation.models import Notification, Policy
from groups.models import Group, Member
from integrations import actions_maintenance, calming, maintenance
from integrations.models import InboundEvent, Integration, MaintenanceWindow, Route
from integrations.states import AtEnd
from integrations.windows import Every
from tests import builders
from tests.conftest import MONDAY, Clock

KEYS = ("a", "b", "c", "d")
SOON = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
"""Of any step of the policies below, and of the fallback's reminder."""
EXPIRY = timedelta(minutes=20)
A_LOOK = timedelta(minutes=5)
"""How often what follows another is looked at."""
STAGE = "labels.stage"


class House(RuleBasedStateMachine):
    """Two teams, one source; Root, the administrator, can always be reached."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        the_clock.freeze(MONDAY)
        maintenance.forget()
        calming.forget()
        self.clock = Clock()
        self.hidden: dict[int, datetime] = {}
        """Since when what is not held back follows what is."""
        builders.person("Root", roles=["app_admin"])
        self.people = [builders.person(name, channels=("sms", "email")) for name in "ABCD"]
        builders.contact(self.people[0], "voice", delay=120)
        self.groups = [self._team("Payments", 0), self._team("Search", 2)]
        self.source = Integration.objects.create(
            name="Monitor",
            kind="generic",
            group=self.groups[0],
            group_by=["labels.cluster"],
            group_seconds=0,
            flap_count=2,
            flap_seconds=600,
        )
        Route.objects.create(
            integration=self.source,
            name="Slow",
            wait_seconds=120,
            conditions=[{"field": STAGE, "operator": "equals", "value": "slow"}],
            group=self.groups[1],
        )

    def _team(self, name: str, first: int) -> Group:
        policy = builders.policy(
            {"target": "primary", "times_to_notify": 2, "interval_seconds": 60},
            {"target": "secondary", "wait_seconds": 600},
            {"target": "manager", "wait_seconds": 600},
            name=f"Policy of {name}",
            acknowledgement_timeout_seconds=int(EXPIRY.total_seconds()),
        )
        one, two = self.people[first : first + 2]
        return builders.group(name, primary=(one,), secondary=(two,), policy=policy)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        the_clock.release()

    @property
    def now(self) -> datetime:
        return the_clock.now()

    def _try(self, move: Callable[[], Any]) -> None:
        """Do it if it is allowed, and let the loops come to rest."""
        try:
            with transaction.atomic():
                move()
        except NotAllowed:
            pass
        self.clock.forward(seconds=2)

    def _alert(self, number: int) -> Alert | None:
        alerts = list(Alert.objects.order_by("pk"))
        return alerts[number % len(alerts)] if alerts else None

    @initialize(begun=st.booleans(), discard=st.booleans())
    def begin(self, begun: bool, discard: bool) -> None:
        """Two alerts that belong together, one of them perhaps under maintenance; one by hand."""
        self.say("a", "firing", "critical", "test", "x")
        self.open_by_hand(person=0, group=1, to_person=False)
        if begun:
            self.begin_maintenance(
                minutes=7 * 24 * 60, everything=False, only_test=True, discard=discard
            )
        self.say("b", "firing", "critical", "live", "x")

    # What sources say.

    @rule(
        key=st.sampled_from(KEYS),
        status=st.sampled_from(["firing", "firing", "resolved", "acknowledged"]),
        severity=st.sampled_from(["critical", "critical", "info"]),
        stage=st.sampled_from(["live", "test", "test", "slow"]),
        cluster=st.sampled_from(["", "x", "x"]),
    )
    def say(self, key: str, status: str, severity: str, stage: str, cluster: str) -> None:
        labels = {"stage": stage, "cluster": cluster or key}
        body = {
            "title": key,
            "dedup_key": key,
            "status": status,
            "severity": severity,
            "labels": labels,
        }
        InboundEvent.objects.create(
            integration=self.source,
            body=json.dumps(body).encode(),
            content_type="application/json",
        )
        self.clock.forward(seconds=2)

    @rule(person=st.integers(0, 3), group=st.integers(0, 1), to_person=st.booleans())
    def open_by_hand(self, person: int, group: int, to_person: bool) -> None:
        whom = {"assignee": self.people[person]} if to_person else {"group": self.groups[group]}
        self._try(lambda: builders.alert(**whom))  # type: ignore[arg-type]

    # What people do.

    @rule(
        number=st.integers(0, 9),
        verb=st.sampled_from([verb for verb in Verb if verb != Verb.NOTE]),
        actor=st.integers(0, 3),
        other=st.integers(0, 3),
        group=st.sampled_from([None, 0, 1]),
        minutes=st.sampled_from([5, 60, 3 * 24 * 60]),
    )
    def act(
        self, number: int, verb: Verb, actor: int, other: int, group: int | None, minutes: int
    ) -> None:
        alert = self._alert(number)
        if alert is None:
            return
        move = Move(
            actor=self.people[actor],
            now=self.now,
            until=self.now + timedelta(minutes=minutes),
            assignee=self.people[other],
            group=None if group is None else self.groups[group],
        )
        self._try(lambda: actions.apply(verb, alert.pk, move))

    @rule(number=st.integers(0, 9), leader=st.integers(0, 9))
    def attach(self, number: int, leader: int) -> None:
        alert, other = self._alert(number), self._alert(leader)
        if alert is not None and other is not None:
            self._try(lambda: bundles.attach(alert.pk, other.pk, actor_id=None, now=self.now))

    @rule(number=st.integers(0, 9))
    def detach(self, number: int) -> None:
        alert = self._alert(number)
        if alert is not None:
            self._try(lambda: bundles.detach(alert.pk, actor_id=None, now=self.now))

    # What becomes of people and policies.

    @rule(person=st.integers(0, 3), active=st.booleans())
    def come_and_go(self, person: int, active: bool) -> None:
        User.objects.filter(pk=self.people[person].pk).update(is_active=active)
        self.clock.forward(seconds=2)

    @rule(person=st.integers(0, 3), kind=st.sampled_from(["sms", "email", "voice"]))
    def lose_a_method(self, person: int, kind: str) -> None:
        for method in ContactMethod.objects.filter(user=self.people[person], kind=kind):
            disable(method.pk, None, "no such number", self.now)
        self.clock.forward(seconds=2)

    @rule(person=st.integers(0, 3))
    def mend_methods(self, person: int) -> None:
        methods = ContactMethod.objects.filter(user=self.people[person])
        methods.update(disabled_at=None, disabled_reason="")
        self.clock.forward(seconds=2)

    @rule(person=st.integers(0, 3))
    def leave_the_groups(self, person: int) -> None:
        Member.objects.filter(user=self.people[person]).delete()
        self.clock.forward(seconds=2)

    @rule(group=st.integers(0, 1))
    def lose_the_policy(self, group: int) -> None:
        for policy in Policy.objects.filter(name=f"Policy of {self.groups[group].name}"):
            policy.groups.all().delete()
            policy.delete()
        self.clock.forward(seconds=2)

    # Maintenance and time.

    @rule(
        minutes=st.sampled_from([3, 30, 7 * 24 * 60]),
        everything=st.booleans(),
        only_test=st.booleans(),
        discard=st.booleans(),
    )
    def begin_maintenance(
        self, minutes: int, everything: bool, only_test: bool, discard: bool
    ) -> None:
        end = self.now + timedelta(minutes=minutes)
        only = [{"field": STAGE, "operator": "equals", "value": "test"}] if only_test else []
        window = MaintenanceWindow(
            name="Patches",
            every=Every.ONCE,
            time_zone="UTC",
            first_on=self.now.date(),
            begins_at=self.now.time(),
            last_on=end.date(),
            ends_at=end.time(),
            everything=everything,
            conditions=only,
            at_end=AtEnd.DISCARD if discard else AtEnd.RELEASE,
        )
        self._try(
            lambda: actions_maintenance.save_window(
                window,
                integrations=() if everything else (self.source,),
                services=(),
                groups=(),
                actor=None,
                now=self.now,
            )
        )

    @rule(for_good=st.booleans(), restart=st.booleans())
    def end_maintenance(self, for_good: bool, restart: bool) -> None:
        end = actions_maintenance.call_off if for_good else actions_maintenance.end_now
        for window in MaintenanceWindow.objects.standing(self.now):
            if window.span_at(self.now) is not None:
                end(window, actor=None, now=self.now)
        if restart:  # another process looks after maintenance from here on
            maintenance.forget()
        self.clock.forward(seconds=2)

    @rule(minutes=st.sampled_from([1, 5, 5, 16, 61, 26 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    # What must hold, always.

    @invariant()
    def nobody_is_forgotten(self) -> None:
        held = bool(maintenance.active(self.now))
        for alert in Alert.objects.exclude(status=Status.RESOLVED).select_related("parent"):
            try:
                self._judge(alert, held=held)
            except AssertionError as error:
                story = AlertEvent.objects.filter(alert=alert).values_list("kind", "at", "data")
                raise AssertionError(
                    f"{error}: #{alert.pk} {alert.status} {alert.wake} at {alert.wake_at},"
                    f" epoch {alert.epoch}, now {self.now}, story {list(story)}"
                ) from error

    def _judge(self, alert: Alert, *, held: bool) -> None:
        if alert.status == Status.ACKNOWLEDGED:
            self._judge_acknowledged(alert, held=held)
            return
        assert alert.wake_at is not None, "nobody will look"
        assert alert.wake_at > self.now, "it is overdue"
        if alert.suppressed:
            assert held, "it is held back by nothing"
            return
        if alert.snoozed_until is not None:
            assert alert.wake_at == alert.snoozed_until, "it wakes at another time than promised"
            return
        if alert.wake == Wake.ATTACHED:
            self._judge_follower(alert)
            return
        self.hidden.pop(alert.pk, None)
        assert alert.wake_at <= self.now + LONGEST_WAIT, "nobody looks for too long"
        if alert.wake in (Wake.STEP, Wake.RESUME):
            pages = Notification.objects.filter(alert=alert, epoch=alert.epoch)
            assert pages.filter(accepted_at__isnull=False).exists(), "nobody was paged"

    def _judge_follower(self, alert: Alert) -> None:
        leader = alert.parent
        assert leader is not None, "it follows nobody"
        assert leader.status != Status.RESOLVED, "it follows what is over"
        assert leader.wake != Wake.ATTACHED, "nobody pages for it"
        assert alert.wake_at is not None
        assert alert.wake_at <= self.now + A_LOOK, "it is not looked at"
        if leader.suppressed:
            since = self.hidden.setdefault(alert.pk, self.now)
            assert self.now - since <= A_LOOK + SOON, "it hides behind what is held back"
        else:
            self.hidden.pop(alert.pk, None)

    def _judge_acknowledged(self, alert: Alert, *, held: bool) -> None:
        timed = "acknowledgement_timeout"
        standing = getattr(alert, "escalation", None)
        timeout = standing.version.body[timed] if standing is not None else None
        with_leader = alert.parent_id is not None and not alert.acknowledgement_expires
        if timeout is None or held or with_leader or alert.acknowledged_at is None:
            return
        assert alert.acknowledgement_expires, "it never expires"
        assert alert.wake_at is not None
        latest = max(alert.acknowledged_at + timedelta(seconds=timeout), self.now) + SOON
        assert alert.wake_at <= latest, "it expires too late"


def walk(examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        House,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_whatever_happens_no_alert_is_forgotten() -> None:
    walk(examples=10, steps=25)
