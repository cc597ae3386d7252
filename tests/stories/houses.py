"""Two teams, one source and everything that touches an alert, for random walks: the moves, and the
judge who says after each of them whether anybody has been forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from alertops import clock as the_clock
from alerts import actions
from alerts.actions import Move, NotAllowed
from alerts.models import Alert, AlertEvent, AlertQuerySet
from alerts.states import Kind, Status, Urgency, Verb, Wake
from escalation.models import Notification
from groups.models import Group
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

    # Moves.

    def send(self, key: str, status: str, severity: str, stage: str, cluster: str) -> None:
        """Let the source say something about one of its problems."""
        body = {
            "title": key,
            "dedup_key": key,
            "status": status,
            "severity": severity,
            "labels": {"stage": stage, "cluster": cluster or key},
        }
        InboundEvent.objects.create(
            integration=self.source,
            body=json.dumps(body).encode(),
            content_type="application/json",
        )

    def do(self, verb: Verb, number: int, **more: Any) -> None:
        """Let somebody do something with one of the alerts."""
        alert = self._alert(number)
        if alert is not None:
            self._try(lambda: actions.apply(verb, alert.pk, Move(now=self.now, **more)))

    def plan(self, minutes: int, *, everything: bool, only_test: bool, discard: bool) -> None:
        """Let maintenance begin."""
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
        self._keep(window)

    def prolong(self, window: MaintenanceWindow, minutes: int) -> None:
        """Let a window that goes on end another time."""
        end = self.now + timedelta(minutes=minutes)
        window.last_on, window.ends_at = end.date(), end.time()
        self._keep(window)

    def _keep(self, window: MaintenanceWindow) -> None:
        self._try(
            lambda: actions_maintenance.save_window(
                window,
                integrations=() if window.everything else (self.source,),
                services=(),
                groups=(),
                actor=None,
                now=self.now,
            )
        )

    def leaders(self) -> AlertQuerySet:
        """The open alerts that others follow."""
        return Alert.objects.open().filter(children__isnull=False).distinct()

    def standing(self) -> list[MaintenanceWindow]:
        """The windows that go on."""
        windows = MaintenanceWindow.objects.standing(self.now).order_by("pk")
        return [window for window in windows if window.span_at(self.now) is not None]

    def end(self, *, for_good: bool, restart: bool) -> None:
        """Let somebody end them all."""
        end = actions_maintenance.call_off if for_good else actions_maintenance.end_now
        for window in self.standing():
            end(window, actor=None, now=self.now)
        if restart:  # another process looks after maintenance from here on
            maintenance.forget()
        self.clock.forward(seconds=2)

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
            if alert.parent is not None:
                self._judge_leader(alert, alert.parent)
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
        self._judge_leader(alert, leader)
        if leader.suppressed:
            since = self.hidden.setdefault(alert.pk, self.now)
            assert self.now - since <= A_LOOK + SOON, "it hides behind what is held back"
        else:
            self.hidden.pop(alert.pk, None)

    def _judge_leader(self, alert: Alert, leader: Alert) -> None:
        """What people attached follows whatever they chose; the rest follows what is as loud, and
        what is in somebody's hands only where that is how the group was found."""
        attached = AlertEvent.objects.filter(alert=alert, kind=Kind.ATTACHED)
        if not all("by" in data for data in attached.values_list("data", flat=True)):
            return
        loud = Urgency.HIGH
        assert alert.urgency != loud or leader.urgency == loud, "it is louder than what it follows"
        last = attached.latest("at")
        if leader.status == Status.ACKNOWLEDGED and leader.acknowledged_by_id is not None:
            assert leader.acknowledged_at is not None
            assert last.at >= leader.acknowledged_at, "it follows what is in other hands"
        if leader.suppressed and not alert.suppressed:
            held = AlertEvent.objects.filter(alert=leader, kind=Kind.SUPPRESSED).latest("at")
            assert last.at <= held.at, "it joined what was held back already"

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
