"""Whom an event means: names, addresses, first names that only one member has."""

from datetime import UTC, datetime

import pytest

from schedules.calendar_people import Directory, Known, unknown
from schedules.calendar_text import Occurrence

ANN, BEN, CLEO, BEN_II = 1, 2, 3, 4
PEOPLE = [
    Known(ANN, "Ann Smith", "ann@example.org"),
    Known(BEN, "Ben Miller", "ben.miller@example.org"),
    Known(CLEO, "Cleo de Nîmes", "cleo@example.org"),
    Known(BEN_II, "Ben Okafor", "okafor@example.org"),
]


def who(summary: str, *attendees: str) -> tuple[list[int], list[str]]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Directory(PEOPLE).who(Occurrence("u", at, at, summary, attendees))


@pytest.mark.parametrize(
    ("summary", "people"),
    [
        ("Ann Smith", [ANN]),
        ("  ann   SMITH ", [ANN]),
        ("ann@example.org", [ANN]),
        ("ben.miller", [BEN]),
        ("Ann", [ANN]),
        ("cleo", [CLEO]),
        ("[L1] Cleo de Nîmes", [CLEO]),
        ("On call: Ann Smith (primary)", [ANN]),
        ("Ann Smith, Ben Miller", [ANN, BEN]),
        ("Ann & okafor@example.org", [ANN, BEN_II]),
        ("ann and Cleo", [ANN, CLEO]),
        ("Ann / Ann Smith", [ANN]),
    ],
)
def test_a_title_names_people(summary: str, people: list[int]) -> None:
    assert who(summary) == (people, [])


@pytest.mark.parametrize(
    ("summary", "people", "strangers"),
    [
        ("Ben", [], ["Ben"]),  # there are two
        ("Dora", [], ["Dora"]),
        ("Ann, Dora", [ANN], ["Dora"]),
        ("Joann Smithson", [], ["Joann Smithson"]),
        ("", [], ["(no title)"]),
        ("not-ann@example.org", [], ["not-ann@example.org"]),
    ],
)
def test_a_name_nobody_goes_by_is_shown(
    summary: str, people: list[int], strangers: list[str]
) -> None:
    assert who(summary) == (people, strangers)


def test_where_the_title_names_nobody_those_invited_count() -> None:
    assert who("On-call", "ben.miller@example.org", "x@example.org") == ([BEN], [])
    assert who("Ann", "ben.miller@example.org") == ([ANN], [])
    assert who("On-call", "x@example.org") == ([], ["On-call"])


def test_names_to_show_are_sorted_each_once_and_not_without_end() -> None:
    assert unknown(["b", "a", "b"]) == ["a", "b"]
    assert len(unknown(map(str, range(1000)))) == 50
