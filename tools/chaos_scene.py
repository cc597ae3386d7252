"""Who is on call in the chaos run: teams of a Primary and a Secondary, reached by text only."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

LEVEL_WAIT = 8
TEAMS = 2000  # nobody may get more texts in a quarter of an hour than the product allows
PROBES = 100  # of them, for probes


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


def build(environment: dict[str, str], root: str) -> Scene:
    """Write the scene into the database of `environment`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.chaos_scene"],
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


def write() -> Scene:
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
        teams = [_team(number, policy) for number in range(TEAMS)]
    return Scene(teams, f"Bearer {secret}")


def _team(number: int, policy: Any) -> Team:
    from accounts.models import ContactMethod, NotificationRule, User
    from alertops import clock
    from escalation.models import GroupPolicy
    from groups.models import Group, Member
    from integrations.models import Integration

    group = Group.objects.create(name=f"Team {number}", slug=f"team-{number}")
    GroupPolicy.objects.create(group=group, policy=policy)
    numbers = []
    for place, role in enumerate(("primary", "secondary")):
        phone = f"+1415{number:05d}{place:02d}"
        user = User.objects.create_user(f"{role}-{number}@example.org", name=f"{role} {number}")
        method = ContactMethod.objects.create(
            user=user, kind="sms", address=phone, verified_at=clock.now()
        )
        NotificationRule.objects.create(user=user, urgency="high", contact_method=method)
        Member.objects.create(group=group, user=user, sequence=place, **{f"is_{role}": True})
        numbers.append(phone)
    limits = {"rate_per_minute": 600_000, "burst": 100_000}
    integration = Integration(name=f"Chaos {number}", kind="generic", group=group, **limits)
    key = integration.issue_key()
    integration.save()
    return Team(f"/integrations/{key}/", *numbers)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    django.setup()
    print(json.dumps(asdict(write())))
