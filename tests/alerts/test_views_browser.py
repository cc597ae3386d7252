"""The pages in a real browser: what scanners do, what thumbs do, and what refreshes by itself."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from alertops import clock
from alerts import actions
from alerts.links import make_link_token
from alerts.models import Alert
from alerts.states import Status, Verb
from tests.chromium import PHONE, launched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread; Django's guard mistakes it for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with launched() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: blocked scripts and styles, errors of ours."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def test_a_scanner_with_a_browser_acknowledges_nothing(page, live_server, alice, alert):
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())

    page.goto(f"{live_server.url}/a/{token}/")
    page.wait_for_timeout(300)

    assert Alert.objects.get().status == Status.TRIGGERED


def test_one_thumb_acknowledges_from_the_phone(page, complaints, live_server, alice, alert):
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())
    page.goto(f"{live_server.url}/a/{token}/")
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box["height"] >= 64
    assert box["y"] + box["height"] <= PHONE["height"], "no scrolling at 3 a.m."
    assert page.locator("main svg.icon").first.bounding_box()["width"] > 5

    button.click()
    page.get_by_text("You acknowledged this").wait_for()

    assert Alert.objects.get().acknowledged_by == alice
    assert complaints == []


def test_the_buttons_work_without_javascript(chromium, live_server, alice, alert):
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    sign_in(page.context, live_server.url, alice)

    page.goto(f"{live_server.url}/alerts/{alert.pk}/")
    page.get_by_text("Snooze", exact=True).first.click()
    page.get_by_label("For").select_option("30")
    page.locator("form.menu-form button", has_text="Snooze").click()
    assert page.get_by_text("is snoozed; paging starts anew").is_visible()
    page.get_by_role("button", name="Acknowledge").click()
    assert page.get_by_text("Nobody else will be paged.").is_visible()

    assert Alert.objects.get().status == Status.ACKNOWLEDGED
    context.close()


def test_an_open_page_learns_what_others_did(page, complaints, live_server, alice, bob, alert):
    sign_in(page.context, live_server.url, alice)
    page.goto(f"{live_server.url}/alerts/{alert.pk}/")
    page.get_by_label("Add a note").fill("half a sen")

    move = actions.Move(actor=bob, now=clock.now(), via="sms")
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, move)
    page.get_by_text("Bob acknowledged by text message").wait_for()

    assert page.get_by_role("button", name="Unacknowledge").is_visible()
    assert not page.get_by_role("button", name="Acknowledge", exact=True).is_visible()
    assert page.get_by_label("Add a note").input_value() == "half a sen"
    assert complaints == []


def test_ticked_alerts_survive_the_refresh_and_are_resolved(
    page, complaints, live_server, alice, open_alert
):
    first = open_alert("One")
    open_alert("Two")
    sign_in(page.context, live_server.url, alice)
    page.goto(f"{live_server.url}/alerts/")
    page.get_by_label(f"Tick #{first.pk}").check()
    page.get_by_role("button", name="Resolve").click()
    page.get_by_text("1 alert resolved.").wait_for()

    assert Alert.objects.get(title="One").status == Status.RESOLVED
    assert Alert.objects.get(title="Two").status == Status.TRIGGERED
    assert complaints == []


def test_the_appearance_changes_at_once_and_stays(page, live_server, alice):
    sign_in(page.context, live_server.url, alice)
    page.goto(f"{live_server.url}/alerts/")
    page.locator("summary[aria-label^='Your account']").click()
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark").click()

    dark = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(dark) == "rgb(15, 17, 21)"
    page.reload()
    assert page.evaluate(dark) == "rgb(15, 17, 21)"


def test_hostile_text_runs_nothing_anywhere(page, complaints, live_server, alice, open_alert):
    evil = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"
    alert = open_alert(
        evil,
        description=evil,
        tags=["<b>x</b>"],
        details={evil: evil},
        links=[{"href": "https://example.com/" + evil, "text": evil}],
    )
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_in(page.context, live_server.url, alice)
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())

    for path in ("/", "/alerts/", f"/alerts/{alert.pk}/", f"/a/{token}/"):
        page.goto(live_server.url + path)
        assert evil in page.inner_text("body")
    assert dialogs == []
    assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(page, live_server, alice, open_alert, width):
    alert = open_alert("sum(rate(http_request_duration_seconds_bucket{job='search'}[5m]))" * 3)
    sign_in(page.context, live_server.url, alice)
    page.set_viewport_size({"width": width, "height": 800})
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())

    for path in ("/", "/alerts/", f"/alerts/{alert.pk}/", "/alerts/new/", f"/a/{token}/"):
        page.goto(live_server.url + path)
        page.evaluate("document.querySelectorAll('#verbs details').forEach(d => d.open = true)")
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, path
