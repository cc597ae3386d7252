"""The judge of the chaos run finds what it must find, and nothing in a good run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.journal import Journal
from tools.chaos_oracle import MADE, PROMISES, Verdict, judge, unfinished
from tools.chaos_scene import Scene, Team

TEAM = Team("/integrations/key/", "+14155550000", "+14155550001")
SCENE = Scene([TEAM], "Bearer x", level_wait=8)
KEY = "chaos-7-00001"


class House:
    """A database that keeps its promises, except those the test says."""

    def __init__(self) -> None:
        self.events = [1]
        self.broken = ""
        self.last_page_made = 0.0

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        if sql == "SELECT id FROM integrations_inboundevent":
            return [(event,) for event in self.events]
        if sql == MADE:
            return [(KEY, self.last_page_made)]
        return [(99,)] if sql == PROMISES.get(self.broken) else []


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(tmp_path, monkeypatch)


class Run:
    """Journals written as if at given seconds."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._answers, self._accepted = folder / "answers.jsonl", folder / "accepted.jsonl"
        self._pushed = folder / "pushed.jsonl"
        self._monkeypatch = monkeypatch
        self.house = House()

    def _write(self, path: Path, at: float, what: str, facts: dict[str, Any]) -> None:
        self._monkeypatch.setattr("tests.doubles.journal.time.monotonic", lambda: at)
        book = Journal(path)
        book.write(what, **facts)
        book.close()

    def answer(self, what: str, at: float, status: int = 202, event: int | None = 1) -> None:
        facts = {"event": event} if event else {}
        line = {"key": KEY, "team": 0, "status": status, "began": at - 0.01, "facts": facts}
        self._write(self._answers, at, what, line)

    def page(self, to: str, at: float, key: str = KEY) -> None:
        self._write(
            self._accepted,
            at,
            "accepted",
            {"kind": "message", "to": to, "body": f"#1 {key} disk full [K7Q2]"},
        )

    def push(self, to: str, at: float, topic: str = "a") -> None:
        facts = {"kind": "push", "subscription": to, "topic": topic}
        facts["payload"] = f'{{"title": "{KEY} disk full"}}'
        self._write(self._pushed, at, "accepted", facts)

    @property
    def accepted(self) -> list[Path]:
        return [self._accepted, self._pushed]

    def judge(self) -> Verdict:
        house: Any = self.house
        return judge(house, SCENE, self._answers, self.accepted, [])

    def unfinished(self) -> list[str]:
        return unfinished(SCENE, self._answers, self.accepted)


def climb(run: Run) -> None:
    run.answer("trigger", 10)
    run.page(TEAM.primary, 10.1)
    run.page(TEAM.secondary, 18.2)


def test_a_good_run_is_good(run: Run) -> None:
    climb(run)
    verdict = run.judge()
    assert (verdict.alerts, verdict.pages) == (1, 2)
    found = (verdict.lost, verdict.doubles, verdict.late, verdict.rowless, verdict.broken)
    assert not any(found)
    assert verdict.strangers == []
    assert verdict.delays == [pytest.approx(0.1)]


def test_a_level_that_was_never_paged_is_lost(run: Run) -> None:
    run.answer("trigger", 10)
    run.page(TEAM.primary, 10.1)
    assert run.judge().lost == [f"{KEY}, level 2"]
    assert run.unfinished() == [KEY]


def test_an_alert_nobody_accepted_cannot_be_lost(run: Run) -> None:
    run.answer("trigger", 10, status=0, event=None)
    assert run.judge().lost == []


def test_a_page_accepted_twice_is_a_double(run: Run) -> None:
    climb(run)
    run.page(TEAM.primary, 25)
    verdict = run.judge()
    assert verdict.doubles == [f"{KEY} to {TEAM.primary}"]
    assert verdict.doubled_percent == 50.0


def test_a_recovery_makes_later_pages_needless_and_long_silence_is_counted(run: Run) -> None:
    run.answer("trigger", 10)
    run.answer("resolve", 12)
    verdict = run.judge()
    assert (verdict.lost, verdict.needless, verdict.silent) == ([], 1, 0)


def test_a_recovery_after_half_a_minute_of_silence_is_told(run: Run) -> None:
    run.answer("trigger", 10)
    run.answer("resolve", 50)
    assert run.judge().silent == 1


def test_a_page_after_a_known_acknowledgement_is_late(run: Run) -> None:
    run.answer("trigger", 10)
    run.page(TEAM.primary, 10.1)
    run.answer("acknowledge", 12, status=200, event=None)
    run.page(TEAM.secondary, 18.2)
    assert len(run.judge().late) == 1


@pytest.mark.parametrize(("status", "is_broken"), [(200, True), (503, False)])
def test_a_page_made_after_the_answer_breaks_a_promise_unless_the_answer_was_a_refusal(
    run: Run, status: int, is_broken: bool
) -> None:
    climb(run)
    run.answer("acknowledge", 19, status=status)
    run.house.last_page_made = time.time() + 1
    assert bool(run.judge().broken) == is_broken


def test_a_page_to_somebody_else_is_told(run: Run) -> None:
    climb(run)
    run.page("+14155559999", 11)
    assert run.judge().strangers == [f"{KEY} to +14155559999"]


def _lose_the_row(run: Run) -> None:
    run.house.events = []


def _break_a_promise(run: Run) -> None:
    run.house.broken = next(iter(PROMISES))


@pytest.mark.parametrize(
    ("spoil", "field"), [(_lose_the_row, "rowless"), (_break_a_promise, "broken")]
)
def test_what_the_database_owes_is_checked(
    run: Run, spoil: Callable[[Run], None], field: str
) -> None:
    climb(run)
    spoil(run)
    assert len(getattr(run.judge(), field)) == 1


def test_a_push_counts_and_its_repetition_under_the_same_topic_does_not(run: Run) -> None:
    run.answer("trigger", 10)
    run.push(TEAM.primary, 10.1)
    run.push(TEAM.primary, 11.0)
    run.page(TEAM.secondary, 18)
    verdict = run.judge()
    assert not verdict.lost
    assert not verdict.doubles
    run.push(TEAM.primary, 12.0, topic="b")
    assert run.judge().doubles == [f"{KEY} to {TEAM.primary}"]
