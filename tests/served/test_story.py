"""The last page of the Basic Concepts in real time: nothing here moves a clock."""

import os
import re
import time
from typing import Any

import pytest

from integrations.samples import firing
from tests.doubles.push import PushDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.twilio_records import Record
from tests.served.house import Served, until
from tests.served.scene import (
    AGAIN_AFTER,
    ELENA,
    MANAGER_AFTER,
    MARCUS,
    PRIYA,
    SECONDARY_AFTER,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

IS_BUSY = os.getloadavg()[0] > (os.cpu_count() or 1)
FIRST_WITHIN = 3.0 if IS_BUSY else 1.0
EARLY, LATE = 0.5, 3.0 if IS_BUSY else 1.5
"""How far a message may be off its time: both ends of the span have their own way to the phone."""


def test_priya_then_marcus_then_elena_until_marcus_acknowledges_from_his_phone(
    house: Served, phone_company: TwilioDouble, push_service: PushDouble
) -> None:
    fired = house.send("Datadog", firing("datadog")["payload"])
    first = until(lambda: texts(phone_company))[0]
    [push] = push_service.wait(1)
    print(f"after the 202: text {first.at - fired:.3f} s, push {push.at - fired:.3f} s")
    assert first.to == PRIYA
    assert first.at - fired <= FIRST_WITHIN
    assert push.at - fired <= FIRST_WITHIN
    assert "Payment errors above 5 %" in first.body
    assert "Payment errors above 5 %" in push.data["body"] + push.data["title"]

    second = until(lambda: texts(phone_company)[1:])[0]
    assert second.to == MARCUS
    assert -EARLY <= second.at - first.at - SECONDARY_AFTER <= LATE
    third = until(lambda: texts(phone_company)[2:])[0]
    assert third.to == ELENA
    assert -EARLY <= third.at - second.at - MANAGER_AFTER <= LATE

    [alert] = house.alerts("Datadog")
    link = link_in(house, second)
    for method in ("GET", "HEAD", "GET"):  # mail scanners and previews look
        assert house.ask(method, link)[0] == 200
    assert house.api(f"/alerts/{alert['id']}/")["status"] == "triggered"
    status, page = house.ask("POST", link, "verb=acknowledge")
    assert status == 200
    assert "You acknowledged this" in page

    time.sleep(AGAIN_AFTER + 4)
    assert [text.to for text in texts(phone_company)] == [PRIYA, MARCUS, ELENA]
    assert len(push_service.pushes) == 1
    after = house.api(f"/alerts/{alert['id']}/")
    assert (after["status"], after["assignee"]) == ("acknowledged", "marcus@example.com")
    assert after["event_count"] == 1

    told = [(fact["kind"], fact["people"]) for fact in timeline(house, alert["id"])]
    assert [fact for fact in told if fact[0] != "page_delivered"] == [
        ("opened", []),
        ("escalation_started", []),
        ("level_started", ["Priya"]),
        ("paged", ["Priya"]),
        ("paged", ["Priya"]),
        ("level_started", ["Marcus"]),
        ("paged", ["Marcus"]),
        ("level_started", ["Elena"]),
        ("paged", ["Elena"]),
        ("acknowledged", []),
    ]
    delivered = [people for kind, people in told if kind == "page_delivered"]
    assert delivered == [["Priya"], ["Marcus"], ["Elena"]]  # by Twilio's signed callbacks


def texts(phone_company: TwilioDouble) -> list[Record]:
    """What was texted to Payments On-Call."""
    return [text for text in phone_company.messages if text.to in {PRIYA, MARCUS, ELENA}]


def link_in(house: Served, text: Record) -> str:
    found = re.search(re.escape(house.url) + r"/a/[\w-]+/", text.body)
    assert found, text.body
    return found[0]


def timeline(house: Served, alert_id: int) -> list[dict[str, Any]]:
    """The facts of an alert, oldest first."""
    facts: list[dict[str, Any]] = house.api(f"/alerts/{alert_id}/timeline/")["results"]
    assert [fact["id"] for fact in facts] == sorted(fact["id"] for fact in facts)
    return facts
