"""Every important page in a real Chromium, as axe sees it: on a phone and on a desk, by day and by
night. Each page is looked at in two of these four views, its neighbour in the other two, and by axe
in the first of them; EVERY_VIEW=yes looks at all four, SHOTS=folder keeps pictures of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Browser, Page

from accounts.models import User
from alertops import clock, demo
from alertops.demo_facts import ADMIN_EMAIL
from tests.alertops.planted import NUMBER, SLUG, Planted, plant
from tests.chromium import DESK, PHONE, launched, sign_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
VIEWS = {
    "phone by day": (PHONE, "light"), "desk by night": (DESK, "dark"),
    "phone by night": (PHONE, "dark"), "desk by day": (DESK, "light"),
}  # fmt: skip
SHOTS = os.environ.get("SHOTS")
EVERY_VIEW = bool(SHOTS or os.environ.get("EVERY_VIEW"))

N, NEXT = NUMBER, NUMBER + 1
MINE = (
    "/", "/me/", "/me/profile/", "/me/sign-in/", "/me/tokens/", "/me/shifts/", "/me/calendars/",
    "/me/contact-methods/{method}/", "/me/contact-methods/add/email/", "/me/rules/high/",
    "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/",
    "/alerts/", "/alerts/?status=all", "/alerts/new/", f"/alerts/{N}/", "/alerts/{old}/",
    "/groups/", f"/groups/{SLUG}/", "/groups/payments-on-call/", f"/groups/{SLUG}/schedules/",
    f"/groups/{SLUG}/contact-methods/", f"/groups/{SLUG}/permissions/", f"/groups/{SLUG}/topics/",
    f"/groups/{SLUG}/settings/", "/groups/-/add/", f"/escalations/groups/{SLUG}/",
    "/on-call/", "/on-call/services/", "/schedules/", "/schedules/new/", "/schedules/{rota}/",
    "/schedules/{rota}/?range=month", f"/schedules/{N}/layers/", f"/schedules/{N}/rotations/{N}/",
    f"/schedules/{N}/changes/", f"/schedules/{N}/overrides/add/", f"/schedules/{N}/hours/",
    f"/schedules/{N}/settings/", f"/schedules/{N}/warnings/", f"/schedules/{N}/notices/",
    f"/schedules/{N}/temporary/add/", f"/schedules/{N}/swaps/add/", f"/swaps/{N}/",
    "/time-off/add/", "/simulate/", "/outbox/",
)  # fmt: skip
TOOLS = (
    "/integrations/", f"/integrations/{N}/", f"/integrations/{N}/mapping/",
    "/integrations/{datadog}/", "/integrations/services/", "/integrations/services/new/",
    f"/integrations/services/{N}/", "/integrations/outbound/", f"/integrations/outbound/{N}/",
    f"/integrations/outbound/{N}/edit/", "/integrations/outbound/new/webhook/",
    "/integrations/outbound/new/jira/", f"/integrations/outbound/messages/{N}/",
    "/integrations/maintenance/", "/integrations/maintenance/new/",
    f"/integrations/maintenance/{N}/", "/integrations/log/", f"/integrations/log/{N}/",
    "/integrations/log/replay/", f"/integrations/log/replay/{N}/", "/integrations/heartbeats/",
    "/integrations/heartbeats/add/", f"/integrations/heartbeats/{NEXT}/",
)  # fmt: skip
CONSOLE = (
    "/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{N}/change/",
    "/admin/groups/group/", f"/admin/groups/group/{N}/change/", "/admin/groups/group/add/",
    "/admin/schedules/schedule/", f"/admin/schedules/schedule/{N}/change/",
    f"/admin/schedules/rotation/{N}/change/", "/admin/escalation/policy/",
    f"/admin/escalation/policy/{N}/change/", "/admin/escalation/policy/add/",
    "/admin/integrations/integration/", f"/admin/integrations/integration/{N}/change/",
    "/admin/alerts/alert/", f"/admin/alerts/alert/{N}/change/",
    "/admin/integrations/inboundevent/", "/admin/accounts/auditentry/",
    "/admin/accounts/apitoken/", "/admin/django_q/schedule/",
)  # fmt: skip
MISSING = ("/a/nothing/", "/no/such/page/")
OUTSIDE = ("/accounts/login/", "/accounts/password/reset/", "/a/{link}/", *MISSING)


@pytest.fixture
def _from_a_thread_with_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright runs an event loop in this thread; the database is asked from it all the same."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def chromium(_from_a_thread_with_a_loop: None) -> Iterator[Browser]:
    with launched() as browser:
        yield browser
    connections.close_all()  # those of the loop, which nobody else would close


@pytest.fixture
def names(transactional_db: None) -> dict[str, Any]:
    """The demo, and a team with one of everything; what stands in the holes of the addresses."""
    planted: Planted = plant()
    _without_spaces(planted)
    story = demo.seed(clock.now())
    admin = User.objects.get(email=ADMIN_EMAIL)
    return {
        "link": planted.secrets["link"],
        "old": min(demo.Alert.objects.values_list("pk", flat=True)),
        "rota": story.groups["Payments On-Call"].schedules.get().pk,
        "datadog": story.sources["Datadog"].pk,
        "method": admin.contact_methods.get().pk,
    }


def _without_spaces(planted: Planted) -> None:
    """Names and titles as tools make them: paths, addresses, identifiers. No page grows by it."""
    link = {"href": f"https://example.com/{'a' * 200}", "text": "b" * 200}
    planted.alert.title, planted.alert.tags, planted.alert.links = "t" * 300, ["g" * 64], [link]
    planted.alert.save(update_fields=["title", "tags", "links"])
    for thing in (planted.group, planted.group.schedules.get(), planted.member):
        thing.name = "n" * 118
        thing.save(update_fields=["name"])


class Look:
    """Opens pages and writes down whatever is wrong with them."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.wrong: list[str] = []
        self._axe = Axe().axe_script
        self._where = ""
        page.on("console", lambda message: self._heard(message.text))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("requestfailed", lambda got: self._note(f"not loaded: {got.url}"))
        page.on("response", lambda got: got.status < 400 or self._failed(got.url, got.status))

    def at(self, path: str, views: Sequence[str]) -> None:
        """Open a page and look at it. Ours follow the light of the room; the console asks once."""
        is_open = False
        for view in views:
            size, scheme = VIEWS[view]
            self._where = f"{path} ({view})"
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if not is_open or path.startswith("/admin/"):
                self.page.goto(self.url + path, wait_until="load")
                self.page.evaluate(self._axe)
                is_open = True
            self._sideways()
            if EVERY_VIEW or view == views[0]:
                self._accessible()
            if SHOTS:
                self._picture(f"{path.strip('/').replace('/', '_')}-{view.replace(' ', '-')}.png")

    def _heard(self, text: str) -> None:
        """Advice of the browser's developers and the missing pages we ask for are no complaints."""
        missing = self._where.startswith(MISSING) and "404" in text
        if not (missing or text.startswith("[DOM]")):
            self._note(f"console: {text}")

    def _note(self, what: str) -> None:
        self.wrong.append(f"{self._where}: {what}")

    def _failed(self, url: str, status: int) -> None:
        if status != 404 or not url.endswith(MISSING):
            self._note(f"{status} {url}")

    def _sideways(self) -> None:
        root = "document.documentElement"
        over = self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        if over:
            self._note(f"{over} px too wide")

    def _accessible(self) -> None:
        options = {"resultTypes": ["violations"]}
        answer = self.page.evaluate("options => axe.run(document, options)", options)
        for found in answer["violations"]:
            if found["impact"] in {"serious", "critical"}:
                nodes = found["nodes"]
                self._note(f"{found['id']} in {len(nodes)} places: {nodes[0]['html'][:200]}")

    def _picture(self, name: str) -> None:
        folder = Path(SHOTS or "")
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / name, full_page=True)


def test_every_page_is_for_everybody(
    chromium: Browser, live_server: Any, names: dict[str, Any]
) -> None:
    context = chromium.new_context()
    sign_in(context, live_server.url, User.objects.get(email=ADMIN_EMAIL))
    page = context.new_page()
    page.set_default_timeout(15_000)
    look = Look(page, live_server.url)
    first, second, third, fourth = VIEWS
    turns = [[first, second], [third, fourth], [second, first], [fourth, third]]
    for number, path in enumerate((*MINE, *TOOLS, *CONSOLE, *OUTSIDE)):
        if path == OUTSIDE[0]:
            context.clear_cookies()
        look.at(path.format(**names), list(VIEWS) if EVERY_VIEW else turns[number % 4])
    context.close()
    assert not look.wrong, "\n".join(look.wrong)
