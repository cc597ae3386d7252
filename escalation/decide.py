"""What the engine does about one due alert: facts in, rows out. No database, no clock.

One step per look, with those that follow at once, however late the look is: an outage never pages
five people at once (semantics §5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from alerts.states import Kind, Wake, urgency_of
from alerts.timeline import Fact
from alerts.wakes import LOOK_AGAIN, DueAlert, Rescheduled
from escalation.plan import (
    PAUSE,
    Answer,
    PolicyPlan,
    Position,
    Recipient,
    Roster,
    Step,
    last_level,
    next_level,
    next_step,
)
from escalation.reach import Delivery, Person, first_choice, reach
from escalation.states import Purpose

LATE = timedelta(seconds=10)
"""From here on the timeline says so. Sooner would be a line on every alert of a large storm."""
REMIND_FALLBACK = timedelta(hours=1)
"""An alert nobody takes is brought up again; it never goes quiet for good."""
POISONED_RETRY = timedelta(seconds=15)
RETRY_EMPTY = timedelta(minutes=15)
"""When nobody at all was on call: ask the whole policy again, until somebody is."""


@dataclass(slots=True)
class Standing:
    """Where the alert's escalation stands (or begins)."""

    policy: PolicyPlan
    version_id: int
    chosen_by: str
    position: Position = field(default_factory=Position)
    fired: int = 0
    is_new: bool = False
    started_at: datetime | None = None
    exhausted_at: datetime | None = None


class Directory(Protocol):
    """Live people, as of this look."""

    def roster(self, group_id: int | None) -> Roster: ...
    def fallback(self, group_id: int | None) -> tuple[str, tuple[Recipient, ...]]: ...
    def person(self, user_id: int) -> Person | None: ...
    def contact_channel(self, contact_id: int) -> str: ...


@dataclass(slots=True)
class Decision:
    """Everything one look changes, to be written in one transaction."""

    reschedule: Rescheduled
    notifications: list[dict[str, Any]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    standing: Standing | None = None

    @property
    def reaches_nobody(self) -> bool:
        """Whether even the fallback, the last there is, has nobody who could be paged."""
        is_last = any(fact.kind == Kind.FALLBACK for fact in self.facts)
        return is_last and not self.notifications


def decide(alert: DueAlert, standing: Standing, people: Directory, now: datetime) -> Decision:
    """Decide about one due alert. `standing` is updated in place and stored with the decision."""
    decision = Decision(Rescheduled(alert.id, now + timedelta(seconds=60)), standing=standing)
    look = _Look(alert, standing, people, now, decision)
    if alert.wake == Wake.ATTACHED and not look.stands_alone():
        decision.standing = None
        decision.reschedule = Rescheduled(alert.id, now + LOOK_AGAIN, Wake.ATTACHED)
    elif alert.status == "acknowledged":
        look.acknowledged()
    else:
        look.triggered()
    return decision


def last_resort(alert: DueAlert, people: Directory, now: datetime) -> Decision:
    """The plainest page there is, to the administrators, for an alert that breaks everything else.

    It is looked at again soon; the key keeps the page from being sent more than once an hour.
    """
    again = Rescheduled(alert.id, now + POISONED_RETRY, Wake(alert.wake))
    decision = Decision(again)
    if alert.status == "acknowledged" and not alert.acknowledgement_expires:
        return decision  # somebody has it in hand
    if alert.status == "acknowledged":
        again.retrigger, again.wake = True, Wake.STEP  # only then anybody is paged about it
        alert.epoch += 1
    hour = int(now.timestamp() // 3600)
    for recipient in people.fallback(None)[1] if alert.id > 0 else ():  # the self-test is nobody's
        person = people.person(recipient.id)
        if person is not None and person.is_reachable:
            method = first_choice(person, "high")
            key = f"{alert.id}.{alert.epoch}.poisoned{hour}.u{method.id}.0"
            row = _row(alert, key, method.channel, "high")
            row.update(user_id=person.id, contact_method_id=method.id, purpose="fallback")
            decision.notifications.append(row)
    return decision


def _row(alert: DueAlert, key: str, channel: str, urgency: str, delay: int = 0) -> dict[str, Any]:
    """One line of the outbox, still without its addressee."""
    return {
        "key": key,
        "alert_id": alert.id,
        "epoch": alert.epoch,
        "purpose": Purpose.PAGE.value,
        "user_id": None,
        "contact_method_id": None,
        "group_contact_id": None,
        "channel": channel,
        "round": 0,
        "level": None,
        "urgency": urgency,
        "delay": delay,
    }


@dataclass(slots=True)
class _Look:
    alert: DueAlert
    standing: Standing
    people: Directory
    now: datetime
    decision: Decision
    told: set[tuple[str, int]] = field(default_factory=set)
    """By which contact method and after which delay: nothing is sent twice in one moment."""

    def stands_alone(self) -> bool:
        """Whether an attached alert has nobody to follow any more, and so pages by itself."""
        if self.alert.leader in ("triggered", "acknowledged"):
            return False
        self.decision.reschedule.detach = True
        self.alert.wake = Wake.START if self.alert.group_id is not None else Wake.ASSIGNED
        self.tell(Kind.DETACHED)
        return True

    def acknowledged(self) -> None:
        timeout = self.standing.policy.acknowledgement_timeout
        again = self.decision.reschedule
        if self.alert.leader in ("triggered", "acknowledged"):  # it expires, and pages, for both
            again.wake_at, again.wake = None, Wake.ACKNOWLEDGED
        elif self.alert.acknowledgement_expires and self.alert.wake_at <= self.now:
            again.retrigger = True
            self.alert.epoch += 1
            owner = self.alert.acknowledged_by_id
            self.tell(Kind.ACKNOWLEDGEMENT_EXPIRED, person=owner)
            self.standing.position = last_level(self.standing.policy, self.standing.position)
            theirs = self.alert.assignee_id if self.alert.group_id is None else None
            also = tuple(Recipient("user", pk) for pk in (owner, theirs) if pk)
            self.advance(also)
        elif timeout is not None:
            since = self.alert.acknowledged_at or self.now
            again.expires, again.wake = True, Wake.ACKNOWLEDGED
            again.wake_at = max(since + timedelta(seconds=timeout), self.now)
        else:
            again.wake_at, again.wake = None, Wake.ACKNOWLEDGED

    def triggered(self) -> None:
        alert, standing = self.alert, self.standing
        if alert.snoozed:
            self.tell(Kind.SNOOZE_ENDED)
        if self.now - alert.wake_at > LATE:
            self.tell(Kind.ENGINE_LATE, seconds=round((self.now - alert.wake_at).total_seconds()))
        if alert.wake == Wake.SUPPRESSED:
            self.tell(Kind.RELEASED)
        if alert.wake == Wake.ASSIGNED:
            self.page_assignee()
            return
        if alert.wake == Wake.RESUME:
            self.tell(Kind.ASSIGNMENT_EXPIRED, person=alert.assignee_id)
            self.decision.reschedule.disown = True
        if alert.group_id is None:
            self.end(Step(standing.position))
            return
        if alert.wake in (Wake.START, Wake.SUPPRESSED) or standing.is_new:
            standing.position, standing.exhausted_at = Position(), None
            standing.started_at = self.now
            self.tell(
                Kind.ESCALATION_STARTED,
                policy=standing.policy.name,
                chosen_by=standing.chosen_by,
            )
        elif alert.wake == Wake.ESCALATE:
            standing.position = next_level(standing.position)
        self.advance()

    def advance(self, also: tuple[Recipient, ...] = ()) -> None:
        """Fire the one next step, and say when the one after it is due."""
        standing = self.standing
        before = standing.position.round
        step = next_step(
            standing.policy, self.people.roster(self.alert.group_id), standing.position
        )
        for gap in step.skipped if not self.is_asked_again(step) else ():
            self.tell(
                Kind.LEVEL_SKIPPED,
                level=gap.level,
                round=gap.round,
                aim=standing.policy.levels[gap.level].aim.kind,
                left_out=gap.left_out,
            )
        if step.is_end:
            self.end(step, also)
            return
        if step.position.round > before and step.position.level == 0:
            self.tell(Kind.ROUND_STARTED, round=step.position.round)
        self.fire(step, also)
        standing.position, standing.exhausted_at = step.then, None
        if step.wait == 0:  # what waits for nothing goes together, and pages nobody twice
            self.advance()
            return
        self.decision.reschedule.wake_at = self.now + timedelta(seconds=step.wait)

    def fire(self, step: Step, also: tuple[Recipient, ...]) -> None:
        level = self.standing.policy.levels[step.position.level]
        everyone = tuple(dict.fromkeys((*step.recipients, *also)))
        self.tell(
            Kind.LEVEL_STARTED,
            level=step.position.level,
            round=step.position.round,
            send=step.position.send,
            times=level.times,
            aim=level.aim.kind,
            people=[one.id for one in everyone if one.kind == "user"],
            contacts=sum(one.kind == "contact" for one in everyone),
            left_out=step.left_out,
        )
        self.notify(everyone, step.position.level, Purpose.PAGE)

    def page_assignee(self) -> None:
        """Page one person by their own rules; the policy goes on if they do not answer."""
        assignee = self.alert.assignee_id
        person = self.people.person(assignee) if assignee else None
        again = self.decision.reschedule
        again.wake, again.wake_at = Wake.RESUME, self.now
        if person is None or not person.is_reachable:
            self.tell(Kind.LEVEL_SKIPPED, left_out=[[assignee, "unreachable"]])
            return
        self.tell(Kind.LEVEL_STARTED, people=[person.id], aim="user", direct=True)
        self.notify((Recipient("user", person.id),), None, Purpose.PAGE)
        waits = [level.wait for level in self.standing.policy.levels if level.wait]
        again.wake_at = self.now + timedelta(seconds=waits[0] if waits else PAUSE)

    def end(self, step: Step, also: tuple[Recipient, ...] = ()) -> None:
        """The policy is over, or nobody is on call: page the fallback, and keep looking."""
        standing = self.standing
        empty = bool(step.skipped) and standing.position == Position()
        pause = RETRY_EMPTY if empty else REMIND_FALLBACK
        self.decision.reschedule.wake_at = self.now + pause
        if self.is_asked_again(step) and not self.is_time_to_remind():
            return
        who, recipients = self.people.fallback(self.alert.group_id)
        if standing.exhausted_at is None:
            self.tell(Kind.EXHAUSTED, empty=empty, rounds=step.position.round)
            standing.exhausted_at = self.now
        self.tell(
            Kind.FALLBACK,
            who=who,
            people=[one.id for one in recipients if one.kind == "user"],
            contacts=sum(one.kind == "contact" for one in recipients),
        )
        self.notify(tuple(dict.fromkeys((*recipients, *also))), None, Purpose.FALLBACK)
        standing.position = Position() if empty else step.position

    def is_asked_again(self, step: Step) -> bool:
        """Whether the policy was only asked once more, and there is still nobody on call."""
        is_known = self.standing.exhausted_at is not None and self.alert.wake == Wake.STEP
        from_start = self.standing.position == Position()
        return is_known and from_start and step.is_end and bool(step.skipped)

    def is_time_to_remind(self) -> bool:
        """Whether an hour of the alert's exhaustion has become full since the last look."""
        since = self.standing.exhausted_at or self.now
        last = self.alert.wake_at - RETRY_EMPTY
        return (self.now - since) // REMIND_FALLBACK > (last - since) // REMIND_FALLBACK

    def notify(
        self, recipients: tuple[Recipient, ...], level: int | None, purpose: Purpose
    ) -> None:
        """Queue notifications: one row per contact method and delay."""
        queued = len(self.decision.notifications)
        used = self.standing.policy.levels[level] if level is not None else None
        urgency = urgency_of(self.alert.severity).value
        for recipient in recipients:
            if recipient.kind == "contact":
                channel = self.people.contact_channel(recipient.id)
                self.queue(purpose, level, urgency, channel, contact=recipient.id)
                continue
            person = self.people.person(recipient.id)
            if person is None or not person.is_reachable:
                continue
            way = reach(
                person,
                urgency=urgency,
                notification_type=self.standing.policy.notification_type if used else "user",
                channels=used.channels if used else (),
            )
            if way.no_immediate_rule:
                self.tell(Kind.NO_IMMEDIATE_RULE, person=person.id)
            for delivery in way.deliveries:
                self.queue(purpose, level, urgency, delivery.method.channel, person.id, delivery)
        self.standing.fired += len(self.decision.notifications) > queued
        self.standing.started_at = self.standing.started_at or self.now

    def queue(
        self,
        purpose: Purpose,
        level: int | None,
        urgency: str,
        channel: str,
        user: int | None = None,
        delivery: Delivery | None = None,
        contact: int | None = None,
    ) -> None:
        alert, delay = self.alert, delivery.delay if delivery else 0
        to = f"c{contact}" if delivery is None else f"u{delivery.method.id}"
        key = f"{alert.id}.{alert.epoch}.{self.standing.fired}.{to}.{delay}"
        row = _row(alert, key, channel, urgency, delay)
        row.update(
            purpose=purpose.value,
            user_id=user,
            contact_method_id=delivery.method.id if delivery else None,
            group_contact_id=contact,
            round=self.standing.position.round,
            level=level,
        )
        if (to, delay) not in self.told:
            self.told.add((to, delay))
            self.decision.notifications.append(row)

    def tell(self, kind: Kind, **data: Any) -> None:
        self.decision.facts.append(Fact(self.alert.id, kind, self.now, None, data))


__all__ = ["Answer", "Decision", "Directory", "Standing", "decide"]
