"""The real Prometheus Alertmanager. By webhook each of its alerts is one of ours; by PagerDuty's
protocol it speaks of whole groups, so each group is one."""

import time
from collections.abc import Iterator

import pytest

from tests.served.alertmanager import GROUP_INTERVAL, Alertmanager
from tests.served.house import Served, until

pytestmark = [pytest.mark.slow, pytest.mark.alertmanager, pytest.mark.timeout(300)]

WEBHOOK, PAGERDUTY = "Prometheus", "Events"
PATIENCE = 20.0
FIRING, OVER = "triggered", "resolved"


@pytest.fixture(scope="module")
def alertmanager(served: Served) -> Iterator[Alertmanager]:
    with Alertmanager(served) as running:
        yield running
        assert "level=error" not in running.log()


def told(house: Served, name: str) -> dict[str, list[str]]:
    """The states of all alerts about `name`, oldest first: of each host, and of the group."""
    found: dict[str, list[str]] = {}
    for integration in (WEBHOOK, PAGERDUTY):
        for alert in house.alerts(integration):
            if name in alert["title"]:
                host = alert["title"].removeprefix(f"{name} on ")
                what = host if integration == WEBHOOK else "group"
                found.setdefault(what, []).append(alert["status"])
    return found


def heard(house: Served, integration: str, name: str) -> list[int]:
    """How often each alert about `name` was heard of, oldest alert first."""
    return [alert["event_count"] for alert in house.alerts(integration) if name in alert["title"]]


def becomes(house: Served, name: str, **wanted: list[str]) -> None:
    """Wait until the alerts about `name` are exactly these."""
    end = time.monotonic() + PATIENCE
    while (seen := told(house, name)) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    assert seen == wanted


def test_two_fire_in_one_group_one_is_over_then_all_are(
    house: Served, alertmanager: Alertmanager
) -> None:
    alertmanager.fire("DiskFull", "a", "b")
    becomes(house, "DiskFull", a=[FIRING], b=[FIRING], group=[FIRING])
    titles = [alert["title"] for alert in house.alerts(PAGERDUTY)]
    assert [title.startswith("[FIRING:2] DiskFull") for title in titles] == [True]

    alertmanager.end("DiskFull", "a")
    becomes(house, "DiskFull", a=[OVER], b=[FIRING], group=[FIRING])
    until(lambda: heard(house, PAGERDUTY, "DiskFull") == [2])  # it did hear, and goes on

    alertmanager.end("DiskFull", "b")
    becomes(house, "DiskFull", a=[OVER], b=[OVER], group=[OVER])

    time.sleep(GROUP_INTERVAL + 1)
    assert told(house, "DiskFull") == {"a": [OVER], "b": [OVER], "group": [OVER]}


def test_what_fires_anew_after_its_end_is_a_new_alert(
    house: Served, alertmanager: Alertmanager
) -> None:
    alertmanager.fire("Flapping", "a")
    becomes(house, "Flapping", a=[FIRING], group=[FIRING])
    alertmanager.end("Flapping", "a")
    becomes(house, "Flapping", a=[OVER], group=[OVER])
    alertmanager.fire("Flapping", "a")
    becomes(house, "Flapping", a=[OVER, FIRING], group=[OVER, FIRING])


def test_an_alertmanager_that_lost_its_memory_doubles_nothing(
    house: Served, alertmanager: Alertmanager
) -> None:
    alertmanager.fire("Twice", "a", "b")
    becomes(house, "Twice", a=[FIRING], b=[FIRING], group=[FIRING])
    alertmanager.forget()
    alertmanager.fire("Twice", "a", "b")
    until(lambda: heard(house, WEBHOOK, "Twice") == [2, 2])
    until(lambda: heard(house, PAGERDUTY, "Twice") == [2])
    assert told(house, "Twice") == {"a": [FIRING], "b": [FIRING], "group": [FIRING]}
