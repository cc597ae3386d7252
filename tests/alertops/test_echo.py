"""Who answers at PUBLIC_URL: a copy under the original's own name waits for the original to go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from alertops import clock, echo, fence, identity, self_test
from alertops.identity import Verdict
from alertops.models import House, LoopBeat, Probe
from tests.doubles.wire import Answer as Reply
from tests.doubles.wire import HttpDouble, Request

pytestmark = pytest.mark.django_db


class Neighbour(HttpDouble):
    """Whatever answers at our address; `said` is its /health/engine."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Any] | None = None

    def handle(self, request: Request) -> Reply:
        if self.said is None:
            return Reply.json({"error": "not here"}, 502)
        assert request.path == echo.PATH
        return Reply.json(self.said, 200 if self.said["status"] == "ok" else 503)


@pytest.fixture
def there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Neighbour]:
    """This house slept for two days; at its address answers whoever is told to."""
    monkeypatch.setattr(echo, "PAUSE", 0.0)
    monkeypatch.setattr(identity.Trace, "is_local", False)
    with Neighbour() as double:
        settings.PUBLIC_URL = double.base_url
        fence.claim()
        identity.adopt(clock.now())
        beat = clock.now() - timedelta(days=2)
        LoopBeat.objects.create(
            name="tick", beat_at=beat, ends_at=beat, run_id="ours", host="h", pid=1
        )
        yield double


def well(*runs: str, **change: Any) -> dict[str, Any]:
    return {"status": "ok", "house": echo.house(), "runs": list(runs), **change}


def start() -> Verdict:
    return identity.settle(clock.now())


def test_a_copy_under_the_same_name_is_held_while_the_original_lives(there: Neighbour) -> None:
    there.said = well("theirs", "and another")
    assert start() is Verdict.TWIN
    assert "living copy" in identity.held()
    assert start() is Verdict.TWIN, "also the next time"
    there.said = None  # the original is switched off
    assert self_test._address().passed is not True
    assert identity.held() == ""


def test_a_new_house_that_takes_over_the_address_pages_by_itself(there: Neighbour) -> None:
    there.said = well("theirs")
    start()
    there.said = well("ours")
    assert self_test._address().passed
    assert identity.held() == ""


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"status": "ok"},
        {"status": "ok", "house": "somebody else's", "runs": ["theirs"]},
        {"status": "late", "runs": ["theirs"]},
        {"status": "held", "runs": ["theirs"]},
        {"status": "ok", "runs": ["ours"]},
        {"status": "ok", "runs": "nonsense"},
    ],
)
def test_nothing_less_than_a_living_twin_ever_holds_a_house(
    there: Neighbour, said: dict[str, Any] | None
) -> None:
    there.said = said and {"house": echo.house(), **said}
    if said == {"status": "ok"}:
        there.said = said  # another product
    if said == {"status": "ok", "runs": "nonsense"}:
        there.said = {"status": "ok", "house": [1], "runs": "nonsense"}
    assert start() is not Verdict.TWIN
    assert identity.held() == ""


def test_an_ordinary_restart_asks_nobody(there: Neighbour) -> None:
    there.said = well("theirs")
    LoopBeat.objects.update(beat_at=clock.now())
    assert start() is Verdict.SAME


def test_an_operator_may_page_from_both(there: Neighbour) -> None:
    there.said = well("theirs")
    start()
    identity.adopt(clock.now())
    assert not House.objects.get().held_for_twin
    assert self_test._address().passed is False, "but it is said"
    assert identity.held() == ""


def test_a_copy_held_for_its_name_is_not_let_go_by_an_answer(there: Neighbour) -> None:
    House.objects.update(held_at=clock.now(), held_reason="a copy", held_for_twin=False)
    there.said = well("ours")
    self_test._address()
    assert identity.held() == "a copy"


def test_an_address_that_never_answered_from_here_is_no_failure_until_it_once_did(
    settings: Settings, there: Neighbour
) -> None:
    good = settings.PUBLIC_URL
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert self_test._address().passed is None
    settings.PUBLIC_URL, there.said = good, well("ours")
    assert self_test._address().passed
    Probe.objects.create(name="address", checked_at=clock.now(), passed_at=clock.now())
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert self_test._address().passed is False


def test_what_is_said_of_the_house_gives_nothing_away() -> None:
    fence.claim()
    token = House.objects.get().token
    assert token
    assert token not in json.dumps(echo.house())
    assert echo.house() == echo.house() != ""
