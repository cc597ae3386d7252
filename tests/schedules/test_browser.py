"""The picture and the forms in a real Chromium: by keyboard, on a phone, without JavaScript."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page

from accounts.models import User
from groups.models import Member
from schedules.models import Schedule
from tests.chromium import DESK, PHONE, launched, sign_in
from tests.schedules import rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def _from_a_thread_with_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright runs an event loop in this thread; the database is asked from it all the same."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def rota(transactional_db: None) -> Schedule:
    people = [rows.person(name) for name in ("Ann", "Ben", "Cleo")]
    schedule = rows.calendar(rows.team(*people))
    Member.objects.filter(user=people[0]).update(can_edit=True)
    rows.turns(schedule, *people)
    return schedule


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser
    connections.close_all()  # those of the loop, which nobody else would close


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: scripts and styles it blocked, errors."""
    return []


@pytest.fixture
def open_as_ann(chromium: Browser, live_server: Any, rota: Schedule, complaints: list[str]):
    """Open a page of the schedule as Ann, who may edit it."""
    ann = User.objects.get(name="Ann")

    def opened(path: str = "", viewport: Any = DESK, **options: Any) -> Page:
        context = chromium.new_context(viewport=viewport, **options)
        sign_in(context, live_server.url, ann)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{live_server.url}/schedules/{rota.pk}/{path}")
        return page

    return opened


def test_the_reason_of_a_shift_is_reached_by_keyboard(open_as_ann, complaints) -> None:
    page = open_as_ann("?range=week")
    page.get_by_role("link", name="Skip the picture").focus()
    page.keyboard.press("Tab")
    bar = page.locator(".bar").first
    tip = bar.locator(".tip-box")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        tuple(User.objects.values_list("name", flat=True))
    )
    assert tip.is_visible()
    assert "Rotation “Weekly 1”" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.locator(".tl-row.is-final .bar.is-now a").first.focus()
    page.keyboard.press("Enter")
    assert "Now" in page.locator("tr:target").inner_text()
    assert complaints == []


def test_on_a_phone_the_days_are_a_list_that_fits(open_as_ann, complaints) -> None:
    for path in ("", "?range=month", "layers/", "rotations/new/", "fixed/new/", "settings/"):
        page = open_as_ann(path, PHONE)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, path
        page.close()
    page = open_as_ann("", PHONE)
    assert not page.locator(".tl").is_visible()
    assert page.locator(".by-day-one.is-today").is_visible()
    assert complaints == []


def test_a_rotation_is_made_without_javascript(open_as_ann, rota, complaints) -> None:
    page = open_as_ann("layers/", java_script_enabled=False)
    page.get_by_role("link", name="Weekends").click()
    page.get_by_label("Name").fill("Sundays")
    page.get_by_role("button", name="Preview the change").last.click()
    page.get_by_role("heading", name="Preview of Sundays").wait_for()
    assert not rota.rotations.filter(name="Sundays").exists()
    page.get_by_role("button", name="Change it").click()
    assert page.get_by_label("Name").input_value() == "Sundays"
    page.get_by_role("button", name="Preview the change").last.click()
    page.get_by_role("button", name="Save exactly this").click()
    page.get_by_text("“Sundays” is saved.").wait_for()
    assert rota.rotations.get(name="Sundays").members.count() == 3
    assert complaints == []
