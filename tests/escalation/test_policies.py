"""A policy is read in two ways, for the console and for the engine: both must say the same."""

import pytest

from escalation.models import Policy
from escalation.policies import Choice, as_plan
from tests import builders

pytestmark = pytest.mark.django_db


def test_the_engine_reads_a_policy_as_the_console_shows_it() -> None:
    someone = builders.person("Ida")
    builders.policy(
        {"target": "primary", "channels": (("voice", 60), ("sms", 0))},
        {"target": "user", "user": someone, "times_to_notify": 3, "interval_seconds": 90},
        {"target": "group", "group": builders.group(), "member_wait_seconds": 30},
        repeat=2,
        notification_type="policy",
        acknowledgement_timeout_seconds=900,
    )
    Policy.objects.create(name="Empty")
    for policy in Policy.objects.prefetch_related("levels__channels"):
        choice = Choice([policy.pk], [])
        if policy.levels.all():
            assert choice.look(policy.pk, None)[2] == as_plan(policy)
        else:
            assert choice.look(policy.pk, None)[0] == "default"
