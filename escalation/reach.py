"""How one person is reached: their own rules, or the policy's channels. Pure.

Only usable (verified, not disabled) contact methods ever come in. Whoever has at least one is
always notified at once by something, whatever their rules say (semantics §15).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from escalation.plan import ChannelStep


@dataclass(frozen=True, slots=True)
class Method:
    """One usable contact method. `is_loud`: able to wake somebody up."""

    id: int
    channel: str
    is_loud: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    method_id: int
    delay: int


@dataclass(slots=True)
class Person:
    id: int
    name: str
    is_active: bool = True
    methods: list[Method] = field(default_factory=list)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    ways: dict[tuple[str, str, tuple[ChannelStep, ...]], Reach] = field(default_factory=dict)
    """What `reach` has answered. Whoever changes methods or rules afterwards makes a new Person."""

    @property
    def is_reachable(self) -> bool:
        return self.is_active and bool(self.methods)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Use `method` `delay` seconds after the step fires."""

    method: Method
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    deliveries: tuple[Delivery, ...]
    missing: tuple[str, ...] = ()
    """Channels the policy wanted and the person lacks."""
    no_immediate_rule: bool = False


def reach(
    person: Person, *, urgency: str, notification_type: str, channels: tuple[ChannelStep, ...]
) -> Reach:
    """Return how to notify a reachable person: never empty, and never only later."""
    asked = (urgency, notification_type, channels)
    known = person.ways.get(asked)
    if known is None:
        if notification_type == "policy" and channels:
            known = _by_policy(person, channels, urgency)
        else:
            known = _by_rules(person, urgency)
        person.ways[asked] = known
    return known


def first_choice(person: Person, urgency: str) -> Method:
    """The method to fall back to: the first loud one, or for low urgency the first quiet one."""
    loud = urgency == "high"
    return next((method for method in person.methods if method.is_loud == loud), person.methods[0])


def next_method(person: Person, tried: set[int]) -> Method | None:
    """The person's next method after the `tried` ones failed, loud ones first."""
    left = [method for method in person.methods if method.id not in tried]
    return next((method for method in left if method.is_loud), left[0] if left else None)


def _by_rules(person: Person, urgency: str) -> Reach:
    methods = {method.id: method for method in person.methods}
    wanted = [
        Delivery(methods[rule.method_id], rule.delay)
        for rule in person.rules.get(urgency, ())
        if rule.method_id in methods
    ]
    if any(delivery.delay == 0 for delivery in wanted):
        return Reach(tuple(wanted))
    at_once = Delivery(first_choice(person, urgency))
    return Reach((at_once, *wanted), no_immediate_rule=True)


def _by_policy(person: Person, channels: tuple[ChannelStep, ...], urgency: str) -> Reach:
    deliveries: list[Delivery] = []
    missing: list[str] = []
    for step in channels:
        method = next((m for m in person.methods if m.channel == step.kind), None)
        if method is None:
            missing.append(step.kind)
        else:
            deliveries.append(Delivery(method, step.delay))
    if not any(delivery.delay == 0 for delivery in deliveries):
        deliveries.insert(0, Delivery(first_choice(person, urgency)))
    return Reach(tuple(deliveries), tuple(missing))
