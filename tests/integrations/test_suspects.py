"""An event that kills whoever reads it: real processes die of it, and somebody is paged."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from django.db import DatabaseError, connections

from alertops import clock
from alerts.models import Alert
from integrations import actions_replays, inbox, reading, replaying, suspects
from integrations.actions_replays import Range
from integrations.models import Imagined, InboundEvent, Integration, Replay
from integrations.states import Outcome
from tests.integrations.conftest import Send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_worked", float("-inf"))


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading what is called "deadly" ends the process, as a lack of memory would."""
    whole = reading.read

    def read(vendor: Any, payload: Any, **settings: Any) -> Any:
        if payload["title"] == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(vendor, payload, **settings)

    monkeypatch.setattr(reading, "read", read)


def in_a_process_of_its_own(work: Callable[[], object]) -> bool:
    """Whether it came back from there."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        _be(work)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _be(work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        work()
        code = 0
    finally:
        connections.close_all()
        os._exit(code)


def look() -> None:
    """What a loop does, until nothing is left to do."""
    now = clock.now()
    for _ in range(100):
        if inbox.process(now) is None:
            return


def test_an_event_that_kills_is_given_up_and_pages(
    integration: Integration, send: Send, deadly: None
) -> None:
    for title in ("one", "deadly", "two"):
        send(integration, {"title": title, "dedup_key": title})
    deaths = 0
    InboundEvent.objects.update(received_at=clock.now() - timedelta(seconds=10))
    while not in_a_process_of_its_own(look):
        deaths += 1
        assert deaths < 10
    assert deaths == 3
    titles = list(Alert.objects.order_by("pk").values_list("title", flat=True))
    assert titles == ["one", f"An event from {integration.name} could not be read", "two"]
    guilty = InboundEvent.objects.get(outcome=Outcome.ERROR)
    assert b"deadly" in bytes(guilty.body)
    assert guilty.detail == "It failed 4 times."
    assert not InboundEvent.objects.waiting().exists()


def test_what_was_behind_it_is_worked_off_together_again(
    integration: Integration, send: Send
) -> None:
    for number in range(4):
        send(integration, {"title": f"{number}", "dedup_key": f"{number}"})
    InboundEvent.objects.filter(pk__in=InboundEvent.objects.order_by("pk")[:2]).update(attempts=1)
    now = clock.now()
    takes = []
    while (waiting := InboundEvent.objects.waiting().count()) and len(takes) < 10:
        inbox.process(now)
        takes.append(waiting - InboundEvent.objects.waiting().count())
    assert takes == [1, 1, 2]


def test_a_mark_is_no_failed_try(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong without a death has its own three tries."""
    calls = []

    def refuse(signals: list[Any], *, now: Any) -> NoReturn:
        calls.append(len(signals))
        raise DatabaseError("cannot store this")

    monkeypatch.setattr(inbox, "settle", refuse)
    send(integration, {"title": "x"})
    inbox.process(clock.now() + timedelta(seconds=60))
    event = InboundEvent.objects.get()
    assert (calls, event.attempts) == ([1, 1], 1)
    assert event.next_try_at is not None


def test_a_busy_process_suspects_nobody(integration: Integration, send: Send) -> None:
    """Behind a flood events wait as well."""
    suspects.worked()
    send(integration, {"title": "x"})
    inbox.process(clock.now() + timedelta(seconds=60))
    assert InboundEvent.objects.get().attempts == 0
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_replay_of_it_comes_to_an_end(
    integration: Integration,
    send: Send,
    deadly: None,
    monkeypatch: pytest.MonkeyPatch,
    is_dry: bool,
) -> None:
    monkeypatch.setattr(replaying, "PIECE", 1)
    send(integration, {"title": "one", "dedup_key": "one"})
    send(integration, {"title": "deadly"})
    send(integration, {"title": "two", "dedup_key": "two"})
    InboundEvent.objects.update(processed_at=clock.now(), outcome=Outcome.IGNORED)
    everything = Range(1, 2**62)
    replay = actions_replays.start(everything, is_dry=is_dry, actor=None, now=clock.now())

    def run() -> None:
        for _ in range(10):
            replaying.again()
            inbox.process(clock.now())

    deaths = 0
    while not in_a_process_of_its_own(run):
        deaths += 1
        assert deaths < 10
    replay = Replay.objects.get(pk=replay.pk)
    assert replay.finished_at is not None
    assert not replay.stopped
    assert (deaths, replay.counts) == (3, {"created": 2, "error": 1})
    assert not Imagined.objects.exists()


def test_a_dry_replay_goes_on_where_the_last_process_left_it(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PIECE", 1)
    for status in ("firing", "firing", "resolved", "firing"):
        send(integration, {"title": "x", "dedup_key": "k", "status": status})
    InboundEvent.objects.update(processed_at=clock.now(), outcome=Outcome.IGNORED)
    replay = actions_replays.start(Range(1, 2**62), is_dry=True, actor=None, now=clock.now())

    def look_once() -> None:
        replaying.again()
        inbox.process(clock.now())

    for done in (1, 2, 3, 4):
        assert in_a_process_of_its_own(look_once)
        replay.refresh_from_db()
        assert (replay.done, replay.finished_at) == (done, None)
    assert in_a_process_of_its_own(look_once)
    replay.refresh_from_db()
    assert replay.finished_at is not None
    assert replay.counts == {"created": 2, "appended": 1, "resolved": 1}
    assert not Imagined.objects.exists()
    assert not Alert.objects.exists()
