"""Each client of the field against a served house: engine, inbox and outbox run as ever, and pages
go to the phone company's double.

All tell their stories at once, each to a team of its own; a test waits for the end of one story.
"""

import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from apprise.plugins.opsgenie import OPSGENIE_API_LOOKUP
from apprise.plugins.pagerduty import PAGERDUTY_API_LOOKUP

from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble
from tests.integrations import zabbix
from tests.served import clients, programs
from tests.served.clients import Client
from tests.served.house import Served, until
from tests.served.scene import BY_MAIL, CLIENTS, CLIENTS_AFTER, HEARTBEAT, address
from tools.chaos_house import FROM

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

KINDS: dict[str, type[Client]] = {
    "alerta": clients.Alerta,
    "alerta-by-hand": programs.AlertaByHand,
    "amtool": programs.Amtool,
    "apprise": clients.Apprise,
    "apprise-opsgenie": clients.AppriseAtOpsgenie,
    "apprise-pagerduty": clients.AppriseAtPagerDuty,
    "apprise-victorops": clients.AppriseAtVictorOps,
    "oncall": clients.OnCall,
    "opsgenie-sdk": clients.Opsgenie,
    "pagerduty": clients.PagerDuty,
    "pagerduty-v1": clients.PagerDutyV1,
    "pdpyras": clients.PdPyras,
    "swaks": programs.Swaks,
    "victorops": clients.VictorOps,
    "zabbix": programs.Zabbix,
    "zabbix-opsgenie": programs.ZabbixAtOpsgenie,
    "zabbix-pagerduty": programs.ZabbixAtPagerDuty,
    "zabbix-victorops": programs.ZabbixAtVictorOps,
}
NOBODY_ANSWERS = "apprise"
"""Else it would not be seen that the others' silence is the work of their acknowledgements."""


@dataclass(frozen=True)
class Page:
    who: str
    at: float
    text: str
    answer_to: str


class Pages:
    """What the people of a client's team were sent, in the order it left."""

    def __init__(self, house: Served, phones: TwilioDouble, mails: SmtpDouble) -> None:
        self._house, self._phones, self._mails = house, phones, mails

    def of(self, name: str) -> list[Page]:
        people = {address(name): "first", address(name, second=True): "second"}
        if name in BY_MAIL:
            return [
                Page(people[mail.recipients[0]], mail.at, mail.subject, mail.message["Reply-To"])
                for mail in self._mails.mails
                if mail.recipients[0] in people
            ]
        return [
            Page(people[text.to], text.at, text.body, f"ack {code_in(text.body)}")
            for text in self._phones.messages
            if text.to in people
        ]

    def answer(self, name: str, page: Page) -> None:
        """Acknowledge as the person who was paged."""
        if name in BY_MAIL:
            said = ("--h-Subject", f"Re: {page.text}", "--body", "ack")
            programs.swaks(self._house, page.answer_to, *said, sender=address(name))
            return
        where = f"{self._house.url}/channels/sms/reply/"
        status, said_back = self._phones.reply(address(name), FROM, page.answer_to, where)
        assert (status, "Acknowledged" in said_back) == (200, True), said_back


def code_in(text: str) -> str:
    found = re.search(r"\[(\w{4})\]", text)
    assert found, text
    return found[1]


def story(house: Served, pages: Pages, name: str, client: Client) -> list[Page]:
    """Tell it from the first event to the last; return who was paged."""

    def sees(status: str, events: int) -> bool:
        alerts = house.alerts(name)
        assert len(alerts) < 2, "one alert became two"
        return [(a["status"], a["event_count"] >= events) for a in alerts] == [(status, True)]

    client.fire()
    until(lambda: sees("triggered", 1), 30, every=0.3)
    [alert] = house.alerts(name)
    assert client.title in alert["title"]
    assert alert["group"] == f"team-{name}"
    page = until(lambda: pages.of(name), 30)[0]
    assert page.who == "first"
    assert client.title in page.text

    client.fire()
    until(lambda: sees("triggered", 2), 30, every=0.3)
    if name == NOBODY_ANSWERS:
        until(lambda: [page.who for page in pages.of(name)] == ["first", "second"], 30, every=0.3)
    else:
        if client.acknowledges:
            client.acknowledge()
        else:
            pages.answer(name, page)
        until(lambda: sees("acknowledged", 2), 30, every=0.3)
        acknowledged = time.time()
        time.sleep(CLIENTS_AFTER + 2)
        assert [page for page in pages.of(name) if page.at > acknowledged] == []

    resolved = time.time()
    client.resolve()
    until(lambda: sees("resolved", 2), 30, every=0.3)
    time.sleep(1)
    assert [page for page in pages.of(name) if page.at > resolved] == []
    assert sees("resolved", 2)
    return pages.of(name)


@pytest.fixture(scope="module")
def stories(
    served: Served,
    phone_company: TwilioDouble,
    mail_server: SmtpDouble,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[list[Page]]]]:
    """All of them, begun."""
    pages = Pages(served, phone_company, mail_server)
    tmp_path_factory.getbasetemp()  # made here: not all at once

    def tell(name: str) -> list[str]:
        folder: Path = tmp_path_factory.mktemp(name)
        return story(served, pages, name, KINDS[name](served, name, folder))

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(KINDS)) as pool:
        patch.setitem(PAGERDUTY_API_LOOKUP, "us", f"{served.url}/v2/enqueue")
        patch.setitem(OPSGENIE_API_LOOKUP, "us", f"{served.url}/v2/alerts")
        yield {name: pool.submit(tell, name) for name in CLIENTS}


def of_client(name: str) -> object:
    return pytest.param(name, marks=[zabbix.needs_engine] if name.startswith("zabbix") else [])


@pytest.mark.parametrize("name", [of_client(name) for name in CLIENTS])
def test_a_client_pages_acknowledges_and_resolves_one_alert(
    house: Served, stories: dict[str, Future[list[Page]]], name: str
) -> None:
    paged = stories[name].result(120)
    at_once = [page for page in paged if page.at < paged[0].at + CLIENTS_AFTER - 1]
    assert [page.who for page in at_once] == ["first"], "one alert, one page"


def test_opsgenies_sdk_pings_a_heartbeat_of_its_team(house: Served, tmp_path: Path) -> None:
    sdk = clients.Opsgenie(house, "opsgenie-sdk", tmp_path)
    assert "PONG" in sdk.heartbeats.ping(HEARTBEAT).result
    [beat] = [each for each in house.api("/heartbeats/")["results"] if each["name"] == HEARTBEAT]
    assert beat["state"] == "up"


def test_amtool_and_opsgenies_sdk_see_their_own_alerts_only(
    house: Served, stories: dict[str, Future[list[Page]]], tmp_path: Path
) -> None:
    for name in CLIENTS:
        stories[name].exception(120)
    sdk = clients.Opsgenie(house, "opsgenie-sdk", tmp_path)
    assert [each.message for each in sdk.alerts.list_alerts().data] == ["Disk full"]
    assert sdk.alerts.count_alerts().data.count == 1
