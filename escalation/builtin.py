"""The policies every installation starts with (semantics §4). Data only; editable afterwards.

"Retry five times every five minutes" is six notifications: `times` counts what is sent.
"""

from __future__ import annotations

from typing import Any

from escalation.plan import Aim, ChannelStep, LevelPlan, PolicyPlan
from escalation.states import NotificationType, Target

MINUTE = 60
_OWN, _CENTRAL = NotificationType.USER.value, NotificationType.POLICY.value
_CHAIN = (Target.PRIMARY, Target.SECONDARY, Target.MANAGER)
_LOUD = (
    ChannelStep("push", 0),
    ChannelStep("sms", 0),
    ChannelStep("email", 0),
    ChannelStep("voice", 2 * MINUTE),
)
_EVERY = tuple(
    ChannelStep(kind, 0) for kind in ("push", "sms", "voice", "email", "apprise", "webhook")
)
_MAIL = (ChannelStep("email", 0),)

POLICIES: tuple[tuple[PolicyPlan, str], ...] = (
    (
        PolicyPlan(
            "Standard: 5 minutes, then next",
            tuple(LevelPlan(Aim(target.value), wait=5 * MINUTE) for target in _CHAIN),
            _OWN,
        ),
        "Primary, Secondary and Manager in turn, five minutes each, by each person's own rules.",
    ),
    (
        PolicyPlan(
            "6 notifications, 5 minutes apart, then next",
            tuple(
                LevelPlan(
                    Aim(target.value),
                    times=6,
                    interval=5 * MINUTE,
                    wait=5 * MINUTE,
                    channels=_LOUD,
                )
                for target in _CHAIN
            ),
            _CENTRAL,
        ),
        "Six notifications to each in turn by the policy's own channels, phone after two minutes.",
    ),
    (
        PolicyPlan(
            "All hands, all channels",
            (LevelPlan(Aim(Target.EVERYONE.value), wait=10 * MINUTE, channels=_EVERY),),
            _CENTRAL,
        ),
        "Every member of the group at once, by every channel they have.",
    ),
    (
        PolicyPlan(
            "All hands, e-mail",
            (LevelPlan(Aim(Target.EVERYONE.value), wait=30 * MINUTE, channels=_MAIL),),
            _CENTRAL,
        ),
        "An e-mail to every member; half an hour later the fallback is paged.",
    ),
    (
        PolicyPlan(
            "E-mail the managers",
            (LevelPlan(Aim(Target.MANAGER.value), wait=30 * MINUTE, channels=_MAIL),),
            _CENTRAL,
        ),
        "An e-mail to the group's Managers; half an hour later the fallback is paged.",
    ),
)


def create_missing(policies: Any, levels: Any, channels: Any) -> list[str]:
    """Create those whose name does not exist; return their names. Idempotent.

    Takes the managers of the three models, so that a migration can hand in its own.
    """
    made = []
    for plan, description in POLICIES:
        if policies.filter(name=plan.name).exists():
            continue
        policy = policies.create(
            name=plan.name, description=description, notification_type=plan.notification_type
        )
        for position, level in enumerate(plan.levels, start=1):
            row = levels.create(
                policy=policy,
                position=position,
                target=level.aim.kind,
                times_to_notify=level.times,
                interval_seconds=level.interval,
                wait_seconds=level.wait,
            )
            for step in level.channels:
                channels.create(level=row, kind=step.kind, delay_seconds=step.delay)
        made.append(plan.name)
    return made
