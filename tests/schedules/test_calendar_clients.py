"""Real calendar clients subscribe: vdirsyncer fetches, khal shows. An edit doubles nothing."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from alertops import clock
from schedules import actions, actions_feeds
from schedules.models import Override, Rotation, Schedule
from tests.schedules.rows import NOW, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SYNC = """
[general]
status_path = "{here}/status/"
[pair oncall]
a = "feed"
b = "here"
collections = null
conflict_resolution = "a wins"
partial_sync = "revert"
[storage feed]
type = "http"
url = "{url}"
[storage here]
type = "filesystem"
path = "{here}/items/"
fileext = ".ics"
"""
SHOW = """
[calendars]
[[oncall]]
path = {here}/items/
readonly = True
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {here}/khal.db
"""


class Subscriber:
    """Somebody with both clients, in a folder of their own."""

    def __init__(self, here: Path, url: str) -> None:
        self.here = here
        (here / "items").mkdir()
        (here / "sync").write_text(SYNC.format(here=here, url=url))
        (here / "show").write_text(SHOW.format(here=here))
        self._run("vdirsyncer", "-c", str(here / "sync"), "discover")

    def sync(self) -> None:
        self._run("vdirsyncer", "-c", str(self.here / "sync"), "sync")

    def shown(self, since: str, until: str) -> list[str]:
        line = "{start-long}|{end-long}|{title}"
        command = ["khal", "-c", str(self.here / "show"), "list", "-df", "", "-f", line, "--once"]
        listed = self._run(*command, since, until).splitlines()
        return sorted(each for each in listed if each.strip())

    def items(self) -> set[str]:
        return {item.name for item in (self.here / "items").iterdir()}

    def _run(self, *command: str) -> str:
        home = {"HOME": str(self.here), "XDG_DATA_HOME": str(self.here), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            command,
            env={**os.environ, **home, "http_proxy": "", "https_proxy": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def rota(schedule: Schedule, ann, ben, frozen) -> Rotation:
    Schedule.objects.update(created_at=NOW - DAY)
    return turns(schedule, ann, ben)


def test_a_client_shows_the_final_shifts_and_an_edit_updates_them(
    rota, ben, cleo, live_server, settings, tmp_path
) -> None:
    settings.PUBLIC_URL = live_server.url
    _, url = actions_feeds.create_feed(ben, now=NOW, schedule=rota.schedule)
    client = Subscriber(tmp_path, url)
    client.sync()
    week = ("2026-01-06", "2026-01-18")
    assert client.shown(*week) == [
        "2026-01-05 09:00|2026-01-12 09:00|Ann · Primary · Payments",
        "2026-01-12 09:00|2026-01-19 09:00|Ben · Primary · Payments",
    ]
    before, year = client.items(), ("2025-12-20", "2026-08-01")
    shown = client.shown(*year)
    assert len(shown) == len(before) == 27  # and the note where it ends
    client.sync()
    assert client.items() == before

    made = Override(
        schedule=rota.schedule,
        user=cleo,
        role="primary",
        starts_at=NOW + DAY,
        ends_at=NOW + 2 * DAY,
    )
    actions.add_override(made, actor=None, now=NOW)
    client.sync()
    assert client.shown(*week) == [
        "2026-01-05 09:00|2026-01-08 13:00|Ann · Primary · Payments",
        "2026-01-08 13:00|2026-01-09 13:00|Cleo · Primary · Payments",
        "2026-01-09 13:00|2026-01-12 09:00|Ann · Primary · Payments",
        "2026-01-12 09:00|2026-01-19 09:00|Ben · Primary · Payments",
    ]
    assert len(client.items()) == len(before) + 2

    later = NOW + HOUR
    clock.freeze(later)
    made.ends_at += 2 * HOUR
    actions.change_override(made, actor=None, now=later)
    client.sync()
    assert "2026-01-08 13:00|2026-01-09 15:00|Cleo · Primary · Payments" in client.shown(*week)
    assert len(client.items()) == len(before) + 2

    actions.end_override(made, actor=None, now=later)
    client.sync()
    assert client.shown(*year) == shown
    assert len(client.items()) == len(before)


def test_a_revoked_address_is_gone_for_clients_too(
    rota, ann, live_server, settings, tmp_path
) -> None:
    settings.PUBLIC_URL = live_server.url
    feed, url = actions_feeds.create_feed(ann, now=NOW)
    client = Subscriber(tmp_path, url)
    client.sync()
    held = client.items()
    actions_feeds.revoke_feed(feed, actor=ann, now=NOW)
    with pytest.raises(AssertionError, match="Not Found"):
        client.sync()
    assert client.items() == held
