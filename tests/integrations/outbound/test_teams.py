"""Microsoft Teams: cards out, commands in."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from integrations.outbound import samples
from integrations.outbound.contract import Refused, Rejected
from integrations.outbound.tools import TOOLS
from tests.doubles.teams import TeamsDouble
from tests.integrations.outbound.signing import SECRET, SETTINGS, SIGN
from tests.integrations.outbound.talking import HOSTILE, news, tell

TEAMS = TOOLS["teams"]
NOW = datetime(2026, 3, 2, 3, 4, 30, tzinfo=UTC)


@pytest.fixture
def teams() -> Iterator[TeamsDouble]:
    with TeamsDouble() as double:
        yield double


def test_a_card_says_what_is_known_and_opens_the_alert(teams: TeamsDouble) -> None:
    tell(TEAMS, {"webhook": teams.url}, news())
    (card,) = teams.cards
    text = json.dumps(card)
    for known in ("#42", "Critical", "Databases", "4 GB"):
        assert known in text
    assert [action["url"] for action in card["actions"]] == ["https://alertops.example/alerts/42/"]


def test_the_end_is_a_card_too(teams: TeamsDouble) -> None:
    tell(TEAMS, {"webhook": teams.url}, news("resolved", words="Ann resolved."))
    text = json.dumps(teams.cards)
    assert "Ann resolved." in text
    assert "4 GB" not in text, "the description was told at the beginning"


def test_the_longest_alert_still_fits(teams: TeamsDouble) -> None:
    long = news(description="ä" * 9_000, group="ß" * 900, service="ü" * 5_000, runbook="u" * 9_000)
    tell(TEAMS, {"webhook": teams.url}, long)
    tell(TEAMS, {"webhook": teams.url}, news(description=HOSTILE * 40, title=HOSTILE))
    assert len(teams.cards) == 2


def test_a_workflow_that_was_deleted_is_told(teams: TeamsDouble) -> None:
    with pytest.raises(Rejected, match="401"):
        tell(TEAMS, {"webhook": teams.base_url + "/gone?sig=x"}, news())


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_an_old_command_said_again_changes_nothing(minutes: int) -> None:
    raw, headers = samples.request(samples.of("teams")[0])
    headers |= SIGN["teams"](raw, NOW, SECRET)
    with pytest.raises(Refused) as caught:
        TEAMS.read(SETTINGS["teams"], headers, raw, NOW + timedelta(minutes=minutes))
    assert caught.value.status == 403


def test_whoever_says_something_else_is_told_what_to_say() -> None:
    sample = next(each for each in samples.of("teams") if each["name"] == "something else")
    raw, headers = samples.request(sample)
    headers |= SIGN["teams"](raw, NOW, SECRET)
    assert "ack 17" in json.loads(TEAMS.read(SETTINGS["teams"], headers, raw, NOW).body)["text"]


def test_a_token_that_teams_never_shows_is_refused() -> None:
    with pytest.raises(ValueError, match="as Teams shows it"):
        TEAMS.check({"webhook": "https://example.com", "security_token": "not base64 at all!!!!"})
    TEAMS.check({"webhook": "https://example.com", **SETTINGS["teams"]})
