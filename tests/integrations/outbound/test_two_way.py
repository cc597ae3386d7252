"""The whole way, for every ready tool: from an alert to the tool, and from there to the alert."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from alerts import actions as alert_actions
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.states import Status, Verb
from groups.models import Group
from integrations.models import OutboundConnection, OutboundLink, OutboundMessage
from integrations.outbound import actions, samples, sender
from integrations.outbound.tools import TOOLS
from tests.conftest import Clock
from tests.doubles.desk import Desk
from tests.doubles.github import TOKEN as GITHUB_TOKEN
from tests.doubles.github import GitHubDouble
from tests.doubles.gitlab import TOKEN as GITLAB_TOKEN
from tests.doubles.gitlab import GitLabDouble
from tests.doubles.jira import EMAIL, JiraDouble
from tests.doubles.jira import TOKEN as JIRA_TOKEN
from tests.doubles.servicenow import PASSWORD, USER, ServiceNowDouble
from tests.doubles.slack import CHANNEL, SlackDouble
from tests.doubles.slack import TOKEN as SLACK_TOKEN
from tests.doubles.teams import TeamsDouble
from tests.integrations.outbound.conftest import forward, opened, states
from tests.integrations.outbound.signing import SECRET, SETTINGS, SIGN

pytestmark = pytest.mark.django_db

GITHUB = {"repository": "Acme/payments", "token": GITHUB_TOKEN}
GITLAB = {"project": "acme/payments", "token": GITLAB_TOKEN}
JIRA = {"email": EMAIL, "token": JIRA_TOKEN, "project": "OPS"}
SERVICENOW = {"user": USER, "password": PASSWORD}
SLACK = {"token": SLACK_TOKEN, "channel": CHANNEL}


@dataclass
class Side:
    """A tool's double, what to enter for it, and where a sample names the thing it is about."""

    double: Desk
    entered: dict[str, str]
    things: Callable[[], int]
    """How many issues, incidents or messages there are."""
    said_of: Callable[[str, Alert], tuple[str, str]] = lambda reference, alert: ("", "")
    """What a sample says of the thing, and what this one's name is in the same place."""


def _github(double: GitHubDouble) -> Side:
    def said_of(reference: str, alert: Alert) -> tuple[str, str]:
        return '"number": 17', f'"number": {reference.partition("#")[2]}'

    entered = {**GITHUB, "api": double.base_url}
    return Side(double, entered, lambda: len(double.issues), said_of)


def _gitlab(double: GitLabDouble) -> Side:
    def said_of(reference: str, alert: Alert) -> tuple[str, str]:
        return '"iid": 17', f'"iid": {reference.partition("#")[2]}'

    entered = {**GITLAB, "site": double.base_url}
    return Side(double, entered, lambda: len(double.issues), said_of)


def _jira(double: JiraDouble) -> Side:
    entered = {**JIRA, "site": double.base_url}
    return Side(double, entered, lambda: len(double.issues), lambda name, _: ("10042", name))


def _servicenow(double: ServiceNowDouble) -> Side:
    entered = {**SERVICENOW, "site": double.base_url}
    known = "9d385017c611228701d22104cc95c371"
    return Side(double, entered, lambda: len(double.incidents), lambda name, _: (known, name))


def _slack(double: SlackDouble) -> Side:
    def said_of(reference: str, alert: Alert) -> tuple[str, str]:
        return "1772420409.000200", reference.partition(":")[2]

    entered = {**SLACK, "api": f"{double.base_url}/api"}
    return Side(double, entered, lambda: len(double.shown), said_of)


def _teams(double: TeamsDouble) -> Side:
    entered = {"webhook": double.url}
    return Side(double, entered, lambda: len(double.cards), lambda _, alert: ("42", str(alert.pk)))


SIDES: dict[str, Callable[[ExitStack], Side]] = {
    "github": lambda stack: _github(stack.enter_context(GitHubDouble())),
    "gitlab": lambda stack: _gitlab(stack.enter_context(GitLabDouble())),
    "jira": lambda stack: _jira(stack.enter_context(JiraDouble(is_cloud=True))),
    "servicenow": lambda stack: _servicenow(stack.enter_context(ServiceNowDouble())),
    "slack": lambda stack: _slack(stack.enter_context(SlackDouble())),
    "teams": lambda stack: _teams(stack.enter_context(TeamsDouble())),
}
REFERENCED = [slug for slug in SIDES if slug != "teams"]


class Way:
    """A connection of one tool, both ways."""

    def __init__(self, slug: str, side: Side, clock: Clock) -> None:
        self.slug, self.side, self.clock = slug, side, clock
        if isinstance(side.double, GitHubDouble):
            side.double.now = clock.now().isoformat()[:19] + "Z"
        self.link = actions.save(
            OutboundConnection(name="Ours", tool=slug, events=sorted(TOOLS[slug].default_events)),
            values={**SETTINGS[slug], **side.entered},
            integrations=(),
            actor=None,
            now=clock.now(),
        )

    def name_of(self, alert: Alert) -> str:
        """What it is called over there."""
        links = OutboundLink.objects.filter(connection=self.link, alert=alert)
        return links.values_list("reference", flat=True).first() or ""

    def hear(self, alert: Alert, verb: str, *, name: str = "", secret: str = SECRET) -> int:
        """Let the tool send its own sample of this verb, about this alert."""
        sample = next(
            each for each in samples.of(self.slug) if verb in [s["verb"] for s in each["said"]]
        )
        there, here = self.side.said_of(name or self.name_of(alert), alert)
        text = json.dumps(sample["payload"]).replace(there, here)
        text = text.replace("2026-03-02T03:04:00.1234567Z", self.clock.now().isoformat())
        raw, headers = samples.request({**sample, "payload": json.loads(text)})
        headers |= SIGN[self.slug](raw, self.clock.now(), secret)
        content_type = headers.pop("content-type")
        url = f"/integrations/outbound/{self.link.hook}/hook/"
        answer = Client().post(url, raw, content_type=content_type, headers=headers)
        return answer.status_code


@pytest.fixture(params=SIDES)
def way(
    request: pytest.FixtureRequest, settings: Settings, clock: Clock, db: None
) -> Iterator[Way]:
    settings.OUTBOX_ONLY = False
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    with ExitStack() as stack:
        yield Way(request.param, SIDES[request.param](stack), clock)


def test_an_alert_s_whole_life_arrives(way: Way, payments: Group, alice: User) -> None:
    alert = opened(payments, "Disk full")
    for verb, note in (
        (Verb.NOTE, "Rotating the logs."),
        (Verb.ACKNOWLEDGE, ""),
        (Verb.RESOLVE, ""),
    ):
        alert_actions.apply(verb, alert.pk, Move(actor=alice, now=way.clock.now(), note=note))
    sender.run_once(way.clock.now())
    assert set(states(way.link)) == {"sent"}
    assert not way.side.double.refused
    if way.slug in REFERENCED:
        assert way.side.things() == 1
        assert OutboundLink.objects.get(connection=way.link).alert == alert


@pytest.mark.parametrize("way", REFERENCED, indirect=True)
def test_what_is_said_later_does_not_change_which_thing_it_is(
    way: Way, payments: Group, alice: User
) -> None:
    alert = opened(payments, "Disk full")
    sender.run_once(way.clock.now())
    name = way.name_of(alert)
    for verb, note in ((Verb.NOTE, "Rotating the logs."), (Verb.RESOLVE, "")):
        alert_actions.apply(verb, alert.pk, Move(actor=alice, now=way.clock.now(), note=note))
        sender.run_once(way.clock.now())
        assert way.name_of(alert) == name


@pytest.mark.parametrize("way", REFERENCED, indirect=True)
def test_a_lost_answer_leaves_one_issue_and_its_name_is_known(way: Way, payments: Group) -> None:
    way.side.double.lose = 1
    alert = opened(payments, "Disk full")
    forward(way.clock, minutes=10)
    assert states(way.link) == ["sent"]
    assert way.side.things() == 1
    assert OutboundLink.objects.get(connection=way.link).alert == alert


def test_what_ends_over_there_is_resolved_here(way: Way, payments: Group) -> None:
    alert = opened(payments, "Disk full")
    sender.run_once(way.clock.now())
    assert way.hear(alert, "resolve") == 200
    alert.refresh_from_db()
    assert alert.status == Status.RESOLVED
    event = AlertEvent.objects.get(alert=alert, kind="resolved")
    assert "in Ours" in event.data["by"]


def test_what_is_written_over_there_is_noted_here_and_not_told_back(
    way: Way, payments: Group
) -> None:
    alert = opened(payments, "Disk full")
    sender.run_once(way.clock.now())
    writes = len(way.side.double.writes())
    assert way.hear(alert, "note") == 200
    note = AlertEvent.objects.get(alert=alert, kind="noted").data["note"]
    assert "ever rotated" in note
    forward(way.clock, minutes=10)
    assert len(way.side.double.writes()) == writes
    alert.refresh_from_db()
    assert alert.status == Status.TRIGGERED


def test_a_stranger_moves_nothing(way: Way, payments: Group) -> None:
    alert = opened(payments, "Disk full")
    sender.run_once(way.clock.now())
    assert way.hear(alert, "resolve", secret="guessed") == 403
    alert.refresh_from_db()
    assert alert.status == Status.TRIGGERED


def test_a_connection_cannot_touch_an_alert_it_was_never_told_of(
    way: Way, payments: Group, clock: Clock
) -> None:
    mine = opened(payments, "Mine")
    sender.run_once(clock.now())
    name = way.name_of(mine)
    OutboundMessage.objects.filter(alert=mine).delete()
    OutboundLink.objects.filter(alert=mine).delete()
    assert way.hear(mine, "resolve", name=name) == 200
    mine.refresh_from_db()
    assert mine.status == Status.TRIGGERED


@pytest.mark.parametrize("way", ["slack", "teams"], indirect=True)
def test_a_button_or_command_acknowledges_and_the_channel_sees_it(
    way: Way, payments: Group
) -> None:
    alert = opened(payments, "Disk full")
    sender.run_once(way.clock.now())
    assert way.hear(alert, "acknowledge") == 200
    alert.refresh_from_db()
    assert alert.status == Status.ACKNOWLEDGED
    before = len(way.side.double.writes())
    sender.run_once(way.clock.now())
    assert len(way.side.double.writes()) > before


@pytest.mark.parametrize("way", REFERENCED, indirect=True)
def test_our_own_echo_changes_nothing(way: Way, payments: Group, alice: User) -> None:
    """The tool tells us what we did there: the alert's story does not grow by it."""
    alert = opened(payments, "Disk full")
    alert_actions.apply(Verb.RESOLVE, alert.pk, Move(actor=alice, now=way.clock.now()))
    sender.run_once(way.clock.now())
    before = AlertEvent.objects.filter(alert=alert).count()
    assert way.hear(alert, "resolve") == 200
    assert AlertEvent.objects.filter(alert=alert).count() == before
