"""Whatever people, sources, maintenance and time do in whatever order: an alert that somebody ought
to be paged about is paged, or stands with the instant at which it will be.

Random walks over everything that touches an alert. After each step, with the loops at rest, every
open alert must be able to say when somebody looks at it again, and why that is soon enough.

A street leads everywhere, another way each time. A shelter is small and its walks are always the
same: groups that form behind a leader while maintenance of some of them begins, is prolonged and
ends. They must fail where one of these is taken away, each of which once hid an alert or would:

- a new alert joins no leader that is held back (`bundles._LEADERS`: NOT l.suppressed);
- what follows a leader that is held back is paged by itself (`wakes._CLAIM`: "held");
- what becomes loud leaves the quiet one it follows, also while held back (`signals_in`: "alone");
- maintenance that is ended by hand lets go of what it holds (`maintenance._review`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from accounts.models import ContactMethod, User
from alerts import bundles
from alerts.models import Alert
from alerts.states import Verb
from escalation.consequences import disable
from escalation.models import Policy
from groups.models import Member
from tests import builders
from tests.stories.houses import KEYS, House


class Street(House):
    """Whatever there is, each as likely as the other."""

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
        self.send(key, status, severity, stage, cluster)
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
        self.do(
            verb,
            number,
            actor=self.people[actor],
            until=self.now + timedelta(minutes=minutes),
            assignee=self.people[other],
            group=None if group is None else self.groups[group],
        )

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
        self.plan(minutes, everything=everything, only_test=only_test, discard=discard)

    @rule(for_good=st.booleans(), restart=st.booleans())
    def end_maintenance(self, for_good: bool, restart: bool) -> None:
        self.end(for_good=for_good, restart=restart)

    @rule(minutes=st.sampled_from([1, 5, 5, 16, 61, 26 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)


class Shelter(House):
    """One group of alerts, some of them tests, and maintenance of the tests."""

    @initialize(loud=st.booleans(), joined=st.integers(0, 4), taken=st.integers(0, 4))
    def begin(self, loud: bool, joined: int, taken: int) -> None:
        """Some are there when maintenance begins, the others come after; one may be taken."""
        severity = "critical" if loud else "info"
        for number, key in enumerate(KEYS):
            if number == joined:
                self.plan(30, everything=False, only_test=True, discard=False)
            self.send(key, "firing", severity, "test" if number < 2 else "live", "x")
            self.clock.forward(seconds=2)
        if taken:
            self.do(Verb.ACKNOWLEDGE, taken, actor=self.people[0])

    @rule(
        key=st.sampled_from(KEYS),
        status=st.sampled_from(["firing", "firing", "resolved"]),
        severity=st.sampled_from(["critical", "info"]),
        stage=st.sampled_from(["live", "test"]),
    )
    def say(self, key: str, status: str, severity: str, stage: str) -> None:
        self.send(key, status, severity, stage, "x")
        self.clock.forward(seconds=2)

    @rule()
    def the_first_recovers(self) -> None:
        """Whoever leads, if anybody does, leaves the rest behind."""
        leader = self.leaders().order_by("pk").first()
        if leader is not None:
            self.send(leader.dedup_key, "resolved", "critical", "live", "x")
            self.clock.forward(seconds=2)

    @rule()
    def a_quiet_one_gets_worse(self) -> None:
        """One that follows another, held back if any is."""
        quiet = Alert.objects.open().filter(parent__isnull=False, severity="info")
        follower = quiet.order_by("-suppressed", "pk").first()
        if follower is not None:
            self.send(follower.dedup_key, "firing", "critical", "live", "x")
            self.clock.forward(seconds=2)

    @rule(
        number=st.integers(0, 9),
        verb=st.sampled_from([Verb.ACKNOWLEDGE, Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.SNOOZE]),
    )
    def act(self, number: int, verb: Verb) -> None:
        until = self.now + timedelta(minutes=5)
        self.do(verb, number, actor=self.people[0], until=until)

    @rule(minutes=st.sampled_from([3, 30, 600]), discard=st.booleans(), everything=st.booleans())
    def begin_or_prolong(self, minutes: int, discard: bool, everything: bool) -> None:
        """The window that goes on is changed; where there is none, one begins."""
        if going := self.standing():
            self.prolong(going[0], minutes)
        else:
            self.plan(minutes, everything=everything, only_test=not everything, discard=discard)

    @rule(for_good=st.booleans(), restart=st.booleans())
    def end_maintenance(self, for_good: bool, restart: bool) -> None:
        self.end(for_good=for_good, restart=restart)

    @rule(minutes=st.sampled_from([2, 6, 6, 16, 31]))
    def wait(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)


def walk(house: type[House], examples: int, steps: int, **more: Any) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        house,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_whatever_happens_no_alert_is_forgotten() -> None:
    walk(Street, examples=6, steps=20)


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_no_alert_hides_behind_another_whatever_maintenance_does() -> None:
    walk(Shelter, examples=14, steps=12, derandomize=True, phases=[Phase.generate])
