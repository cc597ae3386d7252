"""The whole chain as it is in the field: Prometheus sees a program die, Alertmanager tells us, and
somebody is paged. Alertmanager has no word for an acknowledgement: who was paged answers."""

import re
from collections.abc import Iterator

import pytest

from tests.doubles.twilio import TwilioDouble
from tests.doubles.twilio_records import Record
from tests.served.alertmanager import Alertmanager
from tests.served.house import Served, until
from tests.served.prometheus import Prometheus, Watched
from tests.served.scene import INGA
from tools.chaos_house import FROM

pytestmark = [pytest.mark.slow, pytest.mark.alertmanager, pytest.mark.timeout(300)]


@pytest.fixture
def watched(house: Served) -> Iterator[Watched]:
    """A program that runs, and is watched by way of both servers."""
    program = Watched()
    program.start()
    try:
        with (
            Alertmanager(house, "Programs", "Events of programs") as alertmanager,
            Prometheus(alertmanager.url, program),
        ):
            yield program
    finally:
        program.stop()


def states(house: Served) -> list[str]:
    """What became of the alerts about the program, oldest first."""
    return [
        alert["status"] for alert in house.alerts("Programs") if alert["title"] == "PayDown on pay"
    ]


def texts(phone_company: TwilioDouble, alert: int) -> list[Record]:
    """What the person on call was told of an alert."""
    return [
        text
        for text in phone_company.messages
        if text.to == INGA and text.body.startswith(f"#{alert} ")
    ]


def test_a_program_that_dies_pages_and_its_return_closes_the_alert(
    house: Served, phone_company: TwilioDouble, watched: Watched
) -> None:
    watched.stop()
    until(lambda: states(house) == ["triggered"], 30)
    alert = next(each for each in house.alerts("Programs") if "PayDown" in each["title"])
    assert alert["severity"] == "critical"
    page = until(lambda: texts(phone_company, alert["id"]))[0]
    code = re.search(r"\[(\w{4})\]", page.body)
    assert code, page.body
    where = f"{house.url}/channels/sms/reply/"
    assert "Acknowledged" in phone_company.reply(INGA, FROM, code[1], where)[1]
    assert states(house) == ["acknowledged"]

    watched.start()
    until(lambda: states(house) == ["resolved"], 30)
    assert len(texts(phone_company, alert["id"])) == 1

    watched.stop()
    until(lambda: states(house) == ["resolved", "triggered"], 30)
