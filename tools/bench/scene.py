"""Who is paged in the bench: thousands of groups of two people, reached by text.

So many, because nobody gets more than five texts in a quarter of an hour (reliability R10), and a
bench of one person would measure nothing but that.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from tools.chaos_house import ROOT

TEAMS = 2500


@dataclass(frozen=True)
class Scene:
    """The addresses events are sent to. Each of `paths` pages somebody else."""

    paths: list[str]
    alertmanager: str
    version_id: int
    """The frozen policy the timer's escalations stand in."""
    flooded: str
    """The address of an integration with the limits every integration begins with. Its own group
    is reached by the text numbers `flooded_phones`."""
    flooded_id: int
    flooded_phones: list[str]


def build(environment: dict[str, str], teams: int = TEAMS) -> Scene:
    """Write the scene into the database of `environment`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.scene", str(teams)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The scene could not be built:\n{done.stderr[-3000:]}")
    return Scene(**json.loads(done.stdout.splitlines()[-1]))


def write(teams: int) -> Scene:
    """Write groups, people, policies and integrations. Django must be set up."""
    from django.db import transaction

    from escalation.models import GroupPolicy, Level, Policy
    from groups.models import Group, Member

    policy = Policy.objects.create(name="Bench")
    for position, target in enumerate(("primary", "secondary")):
        Level.objects.create(policy=policy, position=position, target=target, wait_seconds=3600)
    with transaction.atomic():
        groups = Group.objects.bulk_create(
            Group(name=f"Team {n}", slug=f"team-{n}") for n in range(teams + 1)
        )
        people = _people(2 * teams + 2)
        GroupPolicy.objects.bulk_create(GroupPolicy(group=g, policy=policy) for g in groups)
        Member.objects.bulk_create(
            Member(group=group, user=people[2 * n + second], sequence=second,
                   is_primary=not second, is_secondary=bool(second))
            for n, group in enumerate(groups)
            for second in (0, 1)
        )  # fmt: skip
        last = groups.pop()
        paths = [_integration(f"Monitor {group.name}", group)[0] for group in groups]
        alertmanager, _ = _integration("Prometheus", groups[0], kind="alertmanager")
        limits = {"rate_per_minute": 6000, "burst": 1000, "storm_after": 100}
        flooded, flooded_id = _integration("Flooded", last, **limits)
    phones = [_phone(2 * teams), _phone(2 * teams + 1)]
    return Scene(paths, alertmanager, _freeze(policy), flooded, flooded_id, phones)


def _phone(number: int) -> str:
    return f"+1415{number:07d}"


def _people(count: int) -> list[Any]:
    from accounts.fields import digest
    from accounts.models import ContactMethod, NotificationRule, User
    from alertops import clock

    people = User.objects.bulk_create(
        User(email=f"person-{n}@example.org", name=f"Person {n}", password="!")
        for n in range(count)
    )
    numbers = [_phone(n) for n in range(count)]
    methods = ContactMethod.objects.bulk_create(
        ContactMethod(
            user=user, kind="sms", address=phone, address_digest=digest(phone),
            verified_at=clock.now(),
        )
        for user, phone in zip(people, numbers, strict=True)
    )  # fmt: skip
    NotificationRule.objects.bulk_create(
        NotificationRule(user=method.user, urgency=urgency, contact_method=method)
        for method in methods
        for urgency in ("high", "low")
    )
    return people


def _integration(name: str, group: Any, **fields: Any) -> tuple[str, int]:
    from integrations.models import Integration

    limits = {"rate_per_minute": 1_000_000, "burst": 1_000_000}
    integration = Integration(name=name, group=group, **{**limits, **fields})
    key = integration.issue_key()
    integration.save()
    return f"/integrations/{key}/", integration.pk


def _freeze(policy: Any) -> int:
    """Return the policy's frozen version, which the timer's escalations stand in."""
    from escalation.policies import Choice

    return Choice([policy.pk], []).choose(policy.pk, None)[2]


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    django.setup()
    print(json.dumps(asdict(write(int(sys.argv[1])))))
