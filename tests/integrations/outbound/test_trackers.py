"""GitHub, GitLab, Jira and ServiceNow: one issue for one alert, whatever goes wrong between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from integrations.outbound.contract import Rejected, Talk, Tool, TryAgain
from integrations.outbound.tools import TOOLS
from tests.doubles.desk import Desk
from tests.doubles.github import TOKEN as GITHUB_TOKEN
from tests.doubles.github import GitHubDouble
from tests.doubles.gitlab import TOKEN as GITLAB_TOKEN
from tests.doubles.gitlab import GitLabDouble
from tests.doubles.jira import EMAIL, JiraDouble
from tests.doubles.jira import TOKEN as JIRA_TOKEN
from tests.doubles.servicenow import PASSWORD, USER, ServiceNowDouble
from tests.integrations.outbound.talking import HOSTILE, Told, news, tell


@dataclass
class Case:
    """A tool, its double, and how to ask the double what became of the alert's issue."""

    tool: Tool
    settings: dict[str, str]
    double: Desk
    issues: Callable[[], list[str]]
    """The text of every issue there is."""
    notes: Callable[[], list[str]]
    """The comments of the first."""
    is_open: Callable[[], bool]

    def tell(self, kind: str, reference: str = "", *, again: bool = False, **more: str) -> Told:
        return tell(self.tool, self.settings, news(kind, **more), reference, again=again)


def _github(stack: ExitStack) -> Case:
    double = stack.enter_context(GitHubDouble())
    settings = {
        "repository": "acme/payments",
        "token": GITHUB_TOKEN,
        "labels": "alertops, ops",
        "api": double.base_url,
    }
    return Case(
        TOOLS["github"],
        settings,
        double,
        lambda: [f"{issue['title']}\n{issue['body']}" for issue in double.issues],
        lambda: double.comments[1],
        lambda: double.issues[0]["state"] == "open",
    )


def _gitlab(stack: ExitStack) -> Case:
    double = stack.enter_context(GitLabDouble())
    settings = {"project": "acme/payments", "token": GITLAB_TOKEN, "site": double.base_url}
    return Case(
        TOOLS["gitlab"],
        settings,
        double,
        lambda: [f"{issue['title']}\n{issue['description']}" for issue in double.issues],
        lambda: double.notes[1],
        lambda: double.issues[0]["state"] == "opened",
    )


def _jira(stack: ExitStack, *, is_cloud: bool) -> Case:
    double = stack.enter_context(JiraDouble(is_cloud=is_cloud))
    settings = {"site": double.base_url, "token": JIRA_TOKEN, "project": "OPS", "done": "finish"}
    if is_cloud:
        settings["email"] = EMAIL
    return Case(
        TOOLS["jira"],
        settings,
        double,
        lambda: [f"{issue['summary']}\n{issue['description']}" for issue in double.issues],
        lambda: double.comments[double.issues[0]["id"]],
        lambda: double.issues[0]["status"] != "Done",
    )


def _servicenow(stack: ExitStack) -> Case:
    double = stack.enter_context(ServiceNowDouble())
    settings = {"site": double.base_url, "user": USER, "password": PASSWORD}
    return Case(
        TOOLS["servicenow"],
        settings,
        double,
        lambda: [
            f"{each['short_description']}\n{each['description']}" for each in double.incidents
        ],
        lambda: double.notes[double.incidents[0]["sys_id"]],
        lambda: double.incidents[0]["state"] != "6",
    )


CASES = {
    "github": _github,
    "gitlab": _gitlab,
    "jira cloud": lambda stack: _jira(stack, is_cloud=True),
    "jira data center": lambda stack: _jira(stack, is_cloud=False),
    "servicenow": _servicenow,
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with ExitStack() as stack:
        found = CASES[request.param](stack)
        yield found
        assert not found.double.carried_out, "an alert's text did something"


def test_an_alert_is_opened_noted_and_closed(case: Case) -> None:
    reference = case.tell("opened").reference
    assert reference
    (issue,) = case.issues()
    for known in ("Disk", "db-1", "Critical", "Databases", "Shop", "/alerts/42/", "4 GB"):
        assert known in issue
    assert case.is_open()

    case.tell("noted", reference, words="Ann wrote a note.", note="Rotating the logs.")
    assert "Rotating the logs" in case.notes()[-1]
    assert case.is_open()

    case.tell("resolved", reference, words="Ann resolved.")
    assert not case.is_open()
    assert "Ann resolved" in case.notes()[-1]
    assert len(case.issues()) == 1
    assert not case.double.refused


def test_a_lost_answer_opens_no_second_issue(case: Case) -> None:
    case.double.lose = 1
    assert case.tell("opened").error
    assert len(case.issues()) == 1

    told = case.tell("opened", again=True)
    assert told.reference
    assert len(case.issues()) == 1

    case.tell("resolved", told.reference)
    assert not case.is_open()


def test_where_nothing_arrived_the_second_attempt_opens_it(case: Case) -> None:
    assert case.tell("opened", again=True).reference
    assert len(case.issues()) == 1


def test_another_alerts_issue_is_not_taken_for_ours(case: Case) -> None:
    tell(case.tool, case.settings, news(number=4, url="https://alertops.example/alerts/4/"))
    tell(case.tool, case.settings, news(number=42, url="https://other.example/alerts/42/"))
    getattr(case.double, "by_others", set()).add(2)  # another house has its own token
    mine = case.tell("opened", again=True).reference
    assert len(case.issues()) == 3
    assert case.tell("opened", again=True).reference == mine
    assert len(case.issues()) == 3


def test_closing_is_safe_to_repeat(case: Case) -> None:
    reference = case.tell("opened").reference
    case.double.lose = 1
    assert case.tell("resolved", reference).error
    case.tell("resolved", reference, again=True)
    assert not case.is_open()


def test_hearing_first_of_an_alert_in_the_middle_opens_it(case: Case) -> None:
    assert case.tell("escalated", words="Ann escalated.").reference
    assert "Ann escalated" in case.issues()[0]


def test_an_alert_that_is_over_opens_nothing(case: Case) -> None:
    assert case.tell("resolved").reference == ""
    assert tell(case.tool, case.settings, news("noted", status="resolved")).reference == ""
    assert not case.double.seen


def test_what_an_alert_says_does_nothing(case: Case) -> None:
    said = {"labels": HOSTILE, HOSTILE: [HOSTILE]}
    opened = news(
        title="@everyone " + "x" * 2000, description=HOSTILE * 20, group=HOSTILE, details=said
    )
    reference = tell(case.tool, case.settings, opened).reference
    hostile = news("noted", words=HOSTILE, note=HOSTILE * 100)
    told = tell(case.tool, case.settings, hostile, reference)
    assert told.reference == reference
    assert not case.double.refused, "too long, or of the wrong shape"


def test_a_limit_is_waited_for(case: Case) -> None:
    case.double.busy = 1
    with pytest.raises(TryAgain) as caught:
        case.tell("opened")
    assert caught.value.retry_after
    assert not case.issues()


def test_a_wrong_token_is_told_in_the_tools_own_words(case: Case) -> None:
    secret = "password" if "password" in case.settings else "token"
    case.settings[secret] = "wrong-canary"
    with pytest.raises(Rejected) as caught:
        case.tell("opened")
    assert "401" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_test_message_is_plainly_one(case: Case) -> None:
    what = news("test", title="Test message from AlertOps", number=0)
    assert tell(case.tool, case.settings, what).reference
    assert case.issues()[0].startswith("Test message from AlertOps")


def test_a_lost_answer_is_found_among_a_storm_of_others(case: Case) -> None:
    case.double.lose = 1
    assert case.tell("opened").error
    for number in range(100, 160):
        url = f"https://alertops.example/alerts/{number}/"
        tell(case.tool, case.settings, news(number=number, url=url))
    assert case.tell("opened", again=True).reference
    assert len(case.issues()) == 61


def test_an_issue_of_a_house_before_this_one_is_not_taken(case: Case) -> None:
    """AlertOps was set up anew and counts from 1: the same number and title, years ago."""
    before = "2021-01-01T00:00:00+00:00"
    if isinstance(case.double, GitHubDouble):
        case.double.now = "2021-01-01T00:00:05Z"
    tell(case.tool, case.settings, news(opened_at=before))
    if isinstance(case.double, GitHubDouble):
        case.double.now = "2026-03-02T03:00:05Z"
    case.tell("opened", again=True)
    assert len(case.issues()) == 2


def test_an_enterprise_server_is_asked_at_its_own_address() -> None:
    settings = {
        "repository": "acme/payments",
        "token": "t",
        "api": "https://github.acme.example/api/v3",
    }
    call = TOOLS["github"].next(news(), settings, Talk(again=True))
    assert call
    assert call.url == "https://github.acme.example/api/graphql"
    call = TOOLS["github"].next(news(), settings, Talk())
    assert call
    assert call.url == "https://github.acme.example/api/v3/repos/acme/payments/issues"
