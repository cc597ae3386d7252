import pytest
from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from alertops import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 300),
        ("0", 0),
        ("30 s", 30),
        ("90s", 90),
        ("5 min", 300),
        ("5 Minutes", 300),
        ("1 h", 3600),
        ("1:30", 5400),
        ("0:05", 300),
        ("1 h 30 min", 5400),
        ("1h30m", 5400),
        ("1.5 h", 5400),
        ("1,5 h", 5400),
        (" 2 days ", 172800),
    ],
)
def test_people_write_lengths_of_time_in_many_ways(text: str, seconds: int) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3", "5 parsecs", "5:99", "1 h x", "1 h and 2", "∞"])
def test_nonsense_is_answered_with_one_clear_sentence(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        durations.parse(text)
    assert raised.value.messages == [
        'Write a length of time such as "30 s", "5 min", "1 h" or "1:30"; a bare number is minutes.'
    ]


def test_nobody_waits_longer_than_a_year() -> None:
    with pytest.raises(ValidationError, match="longer than a year"):
        durations.parse("999999 d")


@given(st.integers(min_value=0, max_value=durations.LONGEST))
def test_what_is_shown_can_be_typed_again(seconds: int) -> None:
    assert durations.parse(durations.words(seconds)) == seconds


class _Form(forms.Form):
    wait = durations.DurationField(min_value=60, max_value=3600, required=False)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ("30 s", ["This must be at least 1 min."]),
        ("2 h", ["This must be at most 1 h."]),
        ("", []),
        ("10", []),
    ],
)
def test_a_form_keeps_its_limits(typed: str, errors: list[str]) -> None:
    assert _Form({"wait": typed}).errors.get("wait", []) == errors


def test_a_form_shows_words_and_sees_no_change_in_another_spelling() -> None:
    form = _Form({"wait": "300 s"}, initial={"wait": 300})
    assert 'value="5 min"' in str(_Form(initial={"wait": 300})["wait"])
    assert form.is_valid()
    assert form.cleaned_data["wait"] == 300
    assert not form.has_changed()


def test_the_console_offers_a_text_box_not_a_number_box() -> None:
    field = durations.SecondsField().formfield(widget=AdminIntegerFieldWidget)
    assert isinstance(field, durations.DurationField)
    assert 'type="text"' in field.widget.render("wait", "5 min")
