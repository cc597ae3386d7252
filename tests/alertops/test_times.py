"""Times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from alertops.templatetags.times import words

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=45), "45 s ago"),
        (timedelta(seconds=119), "1 min 59 s ago"),
        (timedelta(minutes=5, seconds=30), "5 min ago"),
        (timedelta(hours=1, minutes=3, seconds=9), "1 h 3 min ago"),
        (timedelta(hours=5, minutes=59), "5 h ago"),
        (timedelta(hours=26), "1 d 2 h ago"),
        (timedelta(days=9, hours=3), "9 d ago"),
        (timedelta(minutes=-5), "in 5 min"),
        (timedelta(hours=-3, minutes=-20), "in 3 h"),
    ],
)
def test_a_distance_is_said_in_its_largest_units(ago, said):
    assert words(NOW - ago, NOW) == said


def test_the_exact_time_stands_beside_it_in_the_readers_zone():
    template = Template("{% load times %}{% ago at %}|{% exact at %}|{% clock_time at %}")
    context = Context({"at": NOW + timedelta(hours=1), "now": NOW})

    with timezone.override("Europe/Vienna"):  # the hour that does not exist is skipped
        ago, exact, at = template.render(context).split("|")

    assert "in 1 h" in ago
    assert "Sun 29 Mar 2026, 03:30:00 CEST" in ago
    assert "Sun 29 Mar 2026, 03:30:00 CEST" in exact
    assert ">03:30:00</time>" in at


def test_a_time_of_another_day_says_which():
    template = Template("{% load times %}{% clock_time at %}")
    context = Context({"at": NOW - timedelta(days=3), "now": NOW})

    assert ">26 Mar 00:30:00</time>" in template.render(context)


def test_no_time_is_no_words():
    template = Template("{% load times %}{% ago at %}{% exact at %}{% clock_time at %}")

    assert template.render(Context({"at": None})) == ""
