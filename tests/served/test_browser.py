"""A phone with a real Chromium, as a person on call holds it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import PHONE, launched
from tests.doubles.twilio import TwilioDouble
from tests.served.house import Served, until
from tests.served.scene import NADIA, PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = (
    "/", "/alerts/", "/alerts/{alert}/", "/on-call/", "/me/", "/groups/",
    "/groups/payments-on-call/", "/schedules/", "/schedules/{schedule}/",
    "/schedules/{schedule}/?range=month",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: scripts and styles it blocked, errors, broken links."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("response", lambda got: got.ok or got.status < 400 or complaints.append(got.url))
    yield page
    context.close()


def fire(house: Served, phone_company: TwilioDouble, title: str) -> tuple[dict[str, Any], str]:
    """Let a new alert page Nadia; return it and the link in her text message."""
    house.send("Monitor", {"title": title, "dedup_key": title, "severity": "critical"})
    sent = until(lambda: [text for text in phone_company.messages if title in text.body])
    assert [text.to for text in sent] == [NADIA]
    link = re.search(re.escape(house.url) + r"/a/[\w-]+/", sent[0].body)
    assert link, sent[0].body
    [alert] = [alert for alert in house.alerts("Monitor") if alert["title"] == title]
    return alert, link[0]


def status(house: Served, alert: dict[str, Any]) -> tuple[str, str | None]:
    now = house.api(f"/alerts/{alert['id']}/")
    return now["status"], now["assignee"]


def sign_in(house: Served, page: Page) -> None:
    page.goto(house.url)
    page.get_by_label("Email").fill("nadia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{house.url}/")


def test_nadia_signs_in_sees_who_is_next_and_acknowledges(
    house: Served, phone_company: TwilioDouble, page: Page, complaints: list[str]
) -> None:
    alert, _ = fire(house, phone_company, "Search answers slowly")
    sign_in(house, page)
    page.goto(f"{house.url}/alerts/")
    page.get_by_role("link", name="Search answers slowly").click()
    following = page.get_by_role("region", name="Who is next")
    following.get_by_text("Omar").wait_for()
    assert page.get_by_role("region", name="Notifications").get_by_text("Nadia").is_visible()

    page.get_by_role("button", name="Acknowledge", exact=True).click()
    page.locator("#alert-head .badge.is-acknowledged").wait_for()
    page.get_by_text("Nobody else is paged.").first.wait_for()
    assert page.locator("#alert-head").get_by_text("Nadia").is_visible()
    assert status(house, alert) == ("acknowledged", "nadia@example.com")
    assert complaints == []


def test_no_page_makes_the_browser_complain(
    house: Served, phone_company: TwilioDouble, page: Page, complaints: list[str]
) -> None:
    alert, link = fire(house, phone_company, "Index is old")
    sign_in(house, page)
    for path in PAGES:
        where = path.format(alert=alert["id"], schedule=house.scene.schedule)
        got = page.goto(house.url + where, wait_until="load")
        assert got is not None
        assert (where, got.status) == (where, 200)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, where
    page.goto(link)
    assert complaints == []


def test_the_link_changes_nothing_until_it_is_pressed_and_needs_no_script(
    house: Served, phone_company: TwilioDouble, chromium: Browser, page: Page, complaints: list[str]
) -> None:
    alert, link = fire(house, phone_company, "Crawler stands still")
    page.goto(link)  # a scanner that runs scripts, and takes its time
    page.wait_for_timeout(500)
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    plain = context.new_page()
    for _ in range(2):
        plain.goto(link)
    assert status(house, alert) == ("triggered", None)

    plain.get_by_role("button", name="Acknowledge").click()
    plain.get_by_text("You acknowledged this").wait_for()
    assert status(house, alert) == ("acknowledged", "nadia@example.com")
    assert complaints == []
    context.close()
