"""Who is on call in the chaos run: teams of a Primary, reached by text, call or push, and a
Secondary, reached by text."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from tests.doubles.process import DoubleProcess

LEVEL_WAIT = 8
PROBES = 100  # the first teams are for probes
ALERTS_EACH = 3  # nobody may get more calls in a quarter of an hour than the product allows
KINDS = ("sms", "sms", "voice", "push")  # of the Primaries, in turn


@dataclass(frozen=True)
class Team:
    """One group: where its events go, and whose numbers are paged at each level."""

    path: str
    primary: str
    secondary: str


@dataclass(frozen=True)
class Scene:
    """Everything the senders and the judge must know. The first PROBES teams are the probes'."""

    teams: list[Team]
    login: str
    level_wait: float = LEVEL_WAIT


def build(environment: dict[str, str], root: str, push: DoubleProcess, *, alerts: int) -> Scene:
    """Write a scene for so many alerts into the database of `environment`, in its own process."""
    teams = PROBES + alerts // ALERTS_EACH + 1
    browsers = [push.ask("/__subscribe__") for _ in range(teams // len(KINDS) + 1)]
    done = subprocess.run(
        [sys.executable, "-m", "tools.chaos_scene", str(teams)],
        input=json.dumps(browsers),
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The scene could not be built:\n{done.stderr[-3000:]}")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Scene([Team(**team) for team in facts["teams"]], facts["login"], facts["level_wait"])


def write(teams: int, browsers: list[dict[str, Any]]) -> Scene:
    """Write teams, policy and token. Django must be set up."""
    from django.db import transaction

    from accounts.models import ApiToken, User
    from escalation.models import Level, Policy

    policy = Policy.objects.create(name="Chaos")
    for position, target in enumerate(("primary", "secondary")):
        wait = LEVEL_WAIT if position == 0 else 3600
        Level.objects.create(policy=policy, position=position, target=target, wait_seconds=wait)
    admin = User.objects.create_user("chaos@example.org", name="Chaos", roles=["owner"])
    secret = secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    ApiToken.objects.create(
        user=admin, name="chaos", prefix=secret[:8], digest=digest, scopes=["read", "write"]
    )
    with transaction.atomic():
        return Scene(_teams(teams, policy, browsers), f"Bearer {secret}")


def _teams(count: int, policy: Any, browsers: list[dict[str, Any]]) -> list[Team]:
    """Write everybody at once; only integrations, which are sources too, go one by one."""
    from accounts.fields import digest
    from accounts.models import ContactMethod, NotificationRule, User
    from alertops import clock
    from escalation.models import GroupPolicy
    from groups.models import Group, Member
    from integrations.models import Integration

    named = [Group(name=f"Team {n}", slug=f"team-{n}") for n in range(count)]
    groups = Group.objects.bulk_create(named)
    GroupPolicy.objects.bulk_create([GroupPolicy(group=g, policy=policy) for g in groups])
    phones = [[f"+1415{n:05d}{place:02d}" for place in range(2)] for n in range(count)]
    people = User.objects.bulk_create(
        [User(email=f"{p[1:]}@example.org", name=p, password="!") for two in phones for p in two]
    )
    ways = [_way(place, person.name, browsers) for place, person in enumerate(people)]
    methods = ContactMethod.objects.bulk_create(
        ContactMethod(
            user=person,
            kind=kind,
            address=address,
            address_digest=digest(address),
            verified_at=clock.now(),
        )
        for person, (kind, address, _) in zip(people, ways, strict=True)
    )
    NotificationRule.objects.bulk_create(
        [NotificationRule(user_id=m.user_id, urgency="high", contact_method=m) for m in methods]
    )
    Member.objects.bulk_create(
        Member(
            group=groups[place // 2],
            user=person,
            sequence=place % 2,
            is_primary=place % 2 == 0,
            is_secondary=place % 2 == 1,
        )
        for place, person in enumerate(people)
    )
    teams = []
    for number, group in enumerate(groups):
        limits = {"rate_per_minute": 600_000, "burst": 100_000}
        integration = Integration(name=group.name, kind="generic", group=group, **limits)
        key = integration.issue_key()
        integration.save()
        teams.append(Team(f"/integrations/{key}/", ways[2 * number][2], ways[2 * number + 1][2]))
    return teams


def _way(place: int, number: str, browsers: list[dict[str, Any]]) -> tuple[str, str, str]:
    """How somebody is reached: the channel, the address, and what the double calls it."""
    from accounts.channels import CHANNELS

    kind = KINDS[place // 2 % len(KINDS)] if place % 2 == 0 else "sms"
    if kind != "push":
        return kind, number, number
    browser = browsers[place // 2 // len(KINDS)]
    address = CHANNELS["push"].clean(json.dumps(browser))
    return kind, address, str(browser["endpoint"]).rsplit("/", 1)[-1]


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    django.setup()
    print(json.dumps(asdict(write(int(sys.argv[1]), json.load(sys.stdin)))))
