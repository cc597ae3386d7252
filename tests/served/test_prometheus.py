"""The whole chain as it is in the field: Prometheus sees a program die, Alertmanager tells us."""

from collections.abc import Iterator

import pytest

from tests.served.alertmanager import Alertmanager
from tests.served.house import Served, until
from tests.served.prometheus import Prometheus, Watched

pytestmark = [pytest.mark.slow, pytest.mark.alertmanager, pytest.mark.timeout(300)]


@pytest.fixture
def watched(house: Served) -> Iterator[Watched]:
    """A program that runs, and is watched by way of both servers."""
    program = Watched()
    program.start()
    try:
        with Alertmanager(house) as alertmanager, Prometheus(alertmanager.url, program):
            yield program
    finally:
        program.stop()


def states(house: Served) -> list[str]:
    """What became of the alerts about the program, oldest first."""
    return [
        alert["status"]
        for alert in house.alerts("Prometheus")
        if alert["title"] == "PayDown on pay"
    ]


def test_a_program_that_dies_pages_and_its_return_closes_the_alert(
    house: Served, watched: Watched
) -> None:
    watched.stop()
    until(lambda: states(house) == ["triggered"], 30)
    alert = next(each for each in house.alerts("Prometheus") if "PayDown" in each["title"])
    assert alert["severity"] == "critical"

    watched.start()
    until(lambda: states(house) == ["resolved"], 30)

    watched.stop()
    until(lambda: states(house) == ["resolved", "triggered"], 30)
