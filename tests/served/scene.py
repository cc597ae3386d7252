"""Who works in the served house. Written by a process of its own, in the house's environment."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import time, timedelta

from accounts import tokens
from accounts.channels import CHANNELS
from accounts.models import User
from alertops import clock
from escalation.models import Policy
from groups.models import Group
from integrations.models import Heartbeat, Integration
from schedules.models import Rotation, RotationMember, Schedule
from tests import builders

PASSWORD = "correct horse battery"
PRIYA, MARCUS, ELENA = "+14155550101", "+14155550102", "+14155550103"
NADIA, OMAR, TOVE = "+14155550104", "+14155550105", "+14155550106"
INGA = "+14155550107"
UMA = "uma@example.com"
SECONDARY_AFTER, MANAGER_AFTER, AGAIN_AFTER = 3, 4, 4

CLIENTS = {
    "alerta": "alerta",
    "alerta-by-hand": "alerta",
    "amtool": "alertmanager",
    "apprise": "apprise",
    "apprise-opsgenie": "opsgenie",
    "apprise-pagerduty": "pagerduty",
    "apprise-victorops": "victorops",
    "oncall": "oncall",
    "opsgenie-sdk": "opsgenie",
    "pagerduty": "pagerduty",
    "pagerduty-v1": "pagerduty",
    "pdpyras": "pagerduty",
    "swaks": "email",
    "victorops": "victorops",
    "zabbix": "zabbix",
    "zabbix-opsgenie": "opsgenie",
    "zabbix-pagerduty": "pagerduty",
    "zabbix-victorops": "victorops",
}
"""Clients of the field that tell of an alert, and the kind of integration each is pointed at. Each
has a team of its own: a first person, and a second when nobody has answered for CLIENTS_AFTER."""
CLIENTS_AFTER = 8
BY_MAIL = {"swaks"}
"""Whose people are reached by mail; all others by text."""
HEARTBEAT = "nightly backup"
"""Of the team of opsgenie-sdk."""


@dataclass(frozen=True)
class Scene:
    """What the tests must know of it."""

    keys: dict[str, str]
    """The key of each integration, by its name."""
    token: str
    """Reads the API as somebody who sees everything."""
    schedule: int


def write(subscription: str) -> Scene:
    """Three teams: Payments escalates within seconds, Search within minutes, Platform watches."""
    priya, marcus, elena = person("Priya", PRIYA), person("Marcus", MARCUS), person("Elena", ELENA)
    nadia, omar, tove = person("Nadia", NADIA), person("Omar", OMAR), person("Tove", TOVE)
    builders.contact(priya, "push", address=CHANNELS["push"].clean(subscription))
    quick = builders.policy(
        {"target": "primary", "wait_seconds": SECONDARY_AFTER},
        {"target": "secondary", "wait_seconds": MANAGER_AFTER},
        {"target": "manager", "wait_seconds": AGAIN_AFTER},
        name="Payments",
        repeat=3,
    )
    payments = team("Payments On-Call", priya, marcus, elena, policy=quick)
    search = team("Search On-Call", nadia, omar)
    platform = builders.group("Platform", primary=(tove,))
    # Of her own: nobody gets more than five texts in a quarter of an hour, whichever tests ran.
    programs = builders.group("Programs", primary=(person("Inga", INGA),))
    uma = builders.person("Uma", channels=())
    builders.contact(uma, "email", address=UMA)
    mail = builders.group("Mail", primary=(uma,))
    schedule = week_by_week(payments, priya, marcus)
    week_by_week(search, nadia, omar)
    keys = {
        name: integration(name, kind, group)
        for name, kind, group in (
            ("Datadog", "datadog", payments),
            ("Monitor", "generic", search),
            ("Prometheus", "alertmanager", platform),
            ("Events", "pagerduty", platform),
            ("Programs", "alertmanager", programs),
            ("Events of programs", "pagerduty", platform),
            ("Mailbox", "email", mail),
        )
    }
    keys |= teams_of_clients()
    root = builders.person("Root", channels=(), roles=["owner"])
    _, token = tokens.create(root, name="tests", scopes=["read"], actor=root, now=clock.now())
    return Scene(keys, token, schedule.pk)


def address(client: str, *, second: bool = False) -> str:
    """Where the first or the second person of a client's team is reached."""
    place = list(CLIENTS).index(client)
    if client in BY_MAIL:
        return f"{'second' if second else 'first'}.{client}@example.com"
    return f"+1415555{2000 + place if second else 1000 + place}"


def teams_of_clients() -> dict[str, str]:
    """Write a team and an integration for each of CLIENTS; return the integrations' keys."""
    policy = builders.policy(
        {"target": "primary", "wait_seconds": CLIENTS_AFTER},
        {"target": "secondary", "wait_seconds": CLIENTS_AFTER},
        name="Clients",
        repeat=3,
    )
    keys = {}
    for name, kind in CLIENTS.items():
        channel = "email" if name in BY_MAIL else "sms"
        first, second = (builders.person(f"{rank}.{name}", channels=()) for rank in "12")
        builders.contact(first, channel, address=address(name))
        builders.contact(second, channel, address=address(name, second=True))
        group = builders.group(f"Team {name}", primary=(first,), secondary=(second,), policy=policy)
        keys[name] = integration(name, kind, group)
    beat = Heartbeat(
        name=HEARTBEAT, group=Group.objects.get(name="Team opsgenie-sdk"), period_seconds=3600
    )
    beat.issue_key()
    beat.save()
    return keys


def person(name: str, phone: str) -> User:
    """Somebody reached by text, who can sign in."""
    user = builders.person(name, channels=())
    user.set_password(PASSWORD)
    user.save()
    builders.contact(user, "sms", address=phone)
    return user


def team(
    name: str, first: User, second: User, boss: User | None = None, policy: Policy | None = None
) -> Group:
    manager = (boss,) if boss else ()
    return builders.group(name, primary=(first, second), manager=manager, policy=policy)


def week_by_week(group: Group, first: User, second: User) -> Schedule:
    """`first` has been on call since yesterday, and is for days to come; `second` is next."""
    schedule = Schedule.objects.create(group=group, name="Weekly", time_zone="UTC")
    rotation = Rotation.objects.create(
        schedule=schedule,
        name="Week by week",
        unit="week",
        starts_on=(clock.now() - timedelta(days=1)).date(),
        handoff_at=time(0),
        fills="both",
    )
    for position, user in enumerate((first, second), start=1):
        RotationMember.objects.create(rotation=rotation, user=user, position=position)
    return schedule


def integration(name: str, kind: str, group: Group) -> str:
    """Return the key of a new integration."""
    return Integration.objects.create(name=name, kind=kind, group=group).key


def main() -> None:
    """Read a push subscription, write the scene, print it."""
    print(json.dumps(asdict(write(sys.stdin.read()))))
