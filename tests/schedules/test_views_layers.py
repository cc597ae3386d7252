"""Layers on pages: a form, a preview of who changes when, and only then the saving."""

import re
from datetime import date, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from groups.models import Group, Member
from schedules import actions, oncall
from schedules.models import (
    DutyWindow,
    FixedShift,
    HolidayCalendar,
    Rotation,
    RotationMember,
    Schedule,
    Settled,
    ShiftChange,
)
from schedules.shift_templates import TEMPLATES
from tests.schedules.rows import NOW, person, team, turns

pytestmark = pytest.mark.usefixtures("frozen")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _ann_edits(ann: User, group: Group) -> None:
    """Ann may edit the group; Ben and Cleo are members."""
    Member.objects.filter(group=group, user=ann).update(can_edit=True)


@pytest.fixture
def web(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def url(name: str, schedule: Schedule, *more: int) -> str:
    return reverse(f"schedules:{name}", args=[schedule.pk, *more])


def rule(*people: object, hours: list[tuple[str, str, str, str]] = (), **changes: object):
    """What the form of a rotation posts."""
    form: dict[str, object] = {
        "name": "Nights",
        "fills": "primary",
        "count": 1,
        "unit": "week",
        "starts_on": "2026-01-05",
        "handoff_at": "09:00",
        "ends_on": "",
        "people_at_once": 1,
        "advance": "calendar",
        "rank": 0,
        "holidays_of": "",
        "on_holidays": "",
        "places-TOTAL_FORMS": len(people) + 1,
        "places-INITIAL_FORMS": 0,
        "hours-TOTAL_FORMS": len(hours) + 1,
        "hours-INITIAL_FORMS": 0,
    }
    for number, place in enumerate(people):
        facts = place if isinstance(place, dict) else {"who": getattr(place, "pk", place)}
        for key, value in ({"order": number + 1} | facts).items():
            form[f"places-{number}-{key}"] = value
    for number, line in enumerate(hours):
        for key, value in zip(("days", "starts", "ends", "until"), line, strict=True):
            form[f"hours-{number}-{key}"] = value
    return form | changes


def shift(*people: User, **changes: object) -> dict[str, object]:
    """What the form of a fixed shift posts."""
    form: dict[str, object] = {
        "name": "Release",
        "role": "primary",
        "starts_on": "2026-01-08",
        "starts_time": "10:00",
        "ends_on": "2026-01-08",
        "ends_time": "16:00",
        "repeats": "",
        "every": "1",
        "weekdays": [],
        "repeats_until": "",
        "own_rule": "",
        "people": [user.pk for user in people],
        "rank": 20,
        "holidays_of": "",
        "on_holidays": "",
    }
    return form | changes


def plain(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text)


def hidden(response) -> dict[str, list[str]]:
    """What the button of the preview would post."""
    html = response.content.decode()
    start = html.index('class="form-actions preview-actions"')
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html[start:]):
        found.setdefault(name, []).append(value.replace("&#x27;", "'").replace("&amp;", "&"))
    return found


def saved(client: Client, where: str, form: dict[str, object]):
    """Preview, then press Save."""
    seen = client.post(where, form | {"step": "preview"})
    assert seen.status_code == 200, plain(seen)
    return client.post(where, hidden(seen) | {"step": "save"})


# Rotations


def test_a_rotation_is_previewed_and_then_saved_exactly_so(web, schedule, ann, ben) -> None:
    where = url("rotation-new", schedule)
    seen = web.post(where, rule(ann, ben) | {"step": "preview"})
    assert not Rotation.objects.exists()
    text = plain(seen)
    assert "Preview of Nights" in text
    assert "+ Primary: Mon 12 Jan, 09:00" in text  # what Ben gains
    answer = web.post(where, hidden(seen) | {"step": "save"})
    assert answer["Location"] == url("detail", schedule)
    rotation = Rotation.objects.get()
    assert (rotation.name, rotation.handoff_at, rotation.count) == ("Nights", time(9), 1)
    assert [place.user for place in rotation.members.all()] == [ann, ben]
    assert "“Nights” is saved." in plain(web.get(answer["Location"]))


def test_a_preview_leaves_nothing_behind(web, schedule, ann, ben) -> None:
    rotation = turns(schedule, ann, ben)
    before = AuditEntry.objects.count(), Settled.objects.count(), ShiftChange.objects.count()
    form = rule(ben, ann, name="Renamed", holidays_of="DE", on_holidays="off")
    seen = web.post(url("rotation", schedule, rotation.pk), form | {"step": "preview"})
    assert seen.status_code == 200
    assert before == (
        AuditEntry.objects.count(),
        Settled.objects.count(),
        ShiftChange.objects.count(),
    )
    assert not HolidayCalendar.objects.exists()
    rotation.refresh_from_db()
    assert rotation.name == "Weekly 1"
    assert [place.user for place in rotation.members.all()] == [ann, ben]


def test_every_field_of_a_rotation_can_be_set(web, schedule, ann, ben, cleo) -> None:
    form = rule(
        ann,
        {"who": "nobody"},
        {"who": cleo.pk, "joins_on": "2026-03-01", "leaves_on": "2026-09-01"},
        {"who": ben.pk, "order": ""},
        hours=[("weekdays", "18:00", "08:00", ""), ("5", "10:00", "12:00", "6")],
        fills="both",
        count=2,
        unit="day",
        ends_on="2027-01-05",
        people_at_once=2,
        advance="worked",
        rank=7,
        holidays_of="at-9",
        on_holidays="on",
    )
    assert saved(web, url("rotation-new", schedule), form).status_code == 302
    rotation = Rotation.objects.get()
    assert (rotation.fills, rotation.count, rotation.unit) == ("both", 2, "day")
    assert (rotation.people_at_once, rotation.advance, rotation.rank) == (2, "worked", 7)
    assert (rotation.ends_on, str(rotation.holidays)) == (date(2027, 1, 5), "AT-9")
    assert rotation.on_holidays == "on"
    places = rotation.members.values_list("user", "joins_on", "leaves_on")
    assert list(places) == [
        (ann.pk, None, None),
        (None, None, None),
        (cleo.pk, date(2026, 3, 1), date(2026, 9, 1)),
        (ben.pk, None, None),
    ]
    windows = DutyWindow.objects.values_list("starts_minute", "ends_minute")
    nights = [(day * 1440 + 1080, day * 1440 + 1920) for day in range(5)]
    assert list(windows) == [*nights, (5 * 1440 + 600, 6 * 1440 + 720)]


def test_the_form_shows_a_rotation_as_it_stands_and_saves_it_unchanged(
    web, schedule, ann, ben
) -> None:
    form = rule(
        {"who": ann.pk, "leaves_on": "2026-09-01"},
        "nobody",
        ben,
        hours=[("weekdays", "09:00", "17:00", ""), ("4", "18:00", "08:00", "0")],
        holidays_of="DE-BY",
        on_holidays="off",
    )
    saved(web, url("rotation-new", schedule), form)
    rotation = Rotation.objects.get()
    facts = [
        list(RotationMember.objects.values_list("user", "joins_on", "leaves_on", "position")),
        list(DutyWindow.objects.values_list("starts_minute", "ends_minute")),
        str(rotation.holidays),
    ]
    where = url("rotation", schedule, rotation.pk)
    again = posted(web.get(where).content.decode())
    seen = web.post(where, again | {"step": "preview"})
    assert "Nobody’s shifts change." in plain(seen)  # noqa: RUF001
    web.post(where, hidden(seen) | {"step": "save"})
    assert facts == [
        list(RotationMember.objects.values_list("user", "joins_on", "leaves_on", "position")),
        list(DutyWindow.objects.values_list("starts_minute", "ends_minute")),
        str(Rotation.objects.get().holidays),
    ]


def posted(html: str) -> dict[str, list[str]]:
    """What a browser would post of the form in this page, without its buttons."""
    found: dict[str, list[str]] = {}
    html = html[html.index('class="layer-form') :]
    for tag in re.findall(r"<input [^>]*>", html):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or "checked" in tag):
            found.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', options)
        found[name] = chosen or re.findall(r'<option value="([^"]*)"', options)[:1]
    return found


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "Weekly 1"}, "This schedule has another of this name already."),
        ({"count": "0"}, "A turn lasts at least 1 hour, day, week or month."),
        ({"count": "1001"}, "A turn lasts at most 1000 units."),
        ({"count": "many"}, "Enter a whole number."),
        ({"unit": "fortnight"}, "Select a valid choice."),
        ({"starts_on": "soon"}, "Write a day such as 2026-03-29."),
        ({"starts_on": "3026-01-01"}, "This must lie between 2000 and 2199."),
        ({"handoff_at": "25:00"}, "Write a time such as 09:00."),
        ({"ends_on": "2026-01-05"}, "The end must be after the first hand-off."),
        ({"people_at_once": "21"}, "At most 20 people share a turn."),
        ({"rank": "101"}, "A rank is between 0 and 100."),
        ({"holidays_of": "XX", "on_holidays": "off"}, "No public holidays are known of this"),
        ({"holidays_of": "DE-XX", "on_holidays": "off"}, "DE has no part XX"),
        ({"holidays_of": "DE"}, "Choose both: whose holidays, and what they change."),
        ({"on_holidays": "off"}, "Choose both: whose holidays, and what they change."),
        ({"places-0-who": "999999"}, "Choose a member of the group."),
        ({"places-0-who": "x"}, "Choose a member of the group."),
        ({"places-1-joins_on": "2026-02-01"}, "Say who joins or leaves on that day."),
        (
            {"places-0-joins_on": "2026-02-02", "places-0-leaves_on": "2026-02-02"},
            "The day of leaving must be after the day of joining.",
        ),
        ({"hours-0-days": "0"}, "Say from when until when."),
        ({"hours-0-starts": "09:00"}, "Say on which days, or leave the line empty."),
        ({"places-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
    ],
)
def test_a_senseless_rotation_is_refused_at_the_field(
    web, schedule, ann, ben, changes, sentence
) -> None:
    turns(schedule, ben)
    for step in ("preview", "save"):
        form = rule(ann) | changes | {"step": step}
        answer = web.post(url("rotation-new", schedule), form)
        assert answer.status_code == 422
        assert plain(answer).count(sentence) == 1
    assert Rotation.objects.count() == 1


@pytest.mark.parametrize(
    "hours",
    [
        [("0", "09:00", "17:00", ""), ("0", "16:00", "18:00", "")],
        [("daily", "22:00", "06:00", ""), ("3", "05:00", "07:00", "")],
        [("6", "22:00", "06:00", ""), ("0", "05:00", "07:00", "")],  # over the end of the week
    ],
)
def test_overlapping_duty_hours_are_refused_and_named(web, schedule, ann, hours) -> None:
    form = rule(ann, hours=hours) | {"step": "save"}
    answer = web.post(url("rotation-new", schedule), form)
    assert answer.status_code == 422
    assert plain(answer).count("Duty hours overlap:") == 1
    assert not Rotation.objects.exists()


def test_a_member_of_another_group_cannot_take_turns(web, schedule, ann, stranger) -> None:
    team(stranger, name="Others")
    form = rule(ann, stranger) | {"step": "save"}
    answer = web.post(url("rotation-new", schedule), form)
    assert answer.status_code == 422
    assert plain(answer).count("Choose a member of the group.") == 1
    assert not Rotation.objects.exists()


def test_somebody_in_the_line_who_can_no_longer_serve_is_named(web, schedule, ann, ben) -> None:
    rotation = turns(schedule, ann, ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    where = url("rotation", schedule, rotation.pk)
    assert "Ben" in web.get(where).content.decode()
    answer = web.post(where, rule(ann, ben) | {"step": "preview"})
    assert answer.status_code == 422
    assert "Ben is not active and cannot be on call." in plain(answer)


def test_more_lines_keep_what_was_typed_and_check_nothing(web, schedule, ann) -> None:
    where = url("rotation-new", schedule)
    form = rule(ann, count="many", hours=[("daily", "09:00", "", "")]) | {"step": "more"}
    answer = web.post(where, form)
    assert answer.status_code == 200
    again = posted(answer.content.decode())
    assert again["count"] == ["many"]
    assert again["hours-0-starts"] == ["09:00"]
    assert again["places-0-who"] == [str(ann.pk)]
    assert int(again["places-TOTAL_FORMS"][0]) > 2


def test_the_preview_leads_back_to_the_form(web, schedule, ann, ben) -> None:
    where = url("rotation-new", schedule)
    seen = web.post(where, rule(ann, ben, name="Mine") | {"step": "preview"})
    again = posted(web.post(where, hidden(seen) | {"step": "edit"}).content.decode())
    assert again["name"] == ["Mine"]
    assert again["places-1-who"] == [str(ben.pk)]


def test_what_has_changed_since_the_preview_is_shown_instead_of_saved(
    web, schedule, ann, ben, cleo
) -> None:
    rotation = turns(schedule, ann, ben)
    where = url("rotation", schedule, rotation.pk)
    seen = web.post(where, rule(ann, ben, cleo) | {"step": "preview"})
    other = turns(schedule, rank=9, name="Boss")
    actions.save_rotation(other, [cleo], actor=None, now=NOW)
    answer = web.post(where, hidden(seen) | {"step": "save"})
    assert answer.status_code == 200
    assert "Not saved. The calendar has changed since you looked" in plain(answer)
    assert rotation.members.count() == 2
    assert web.post(where, hidden(answer) | {"step": "save"}).status_code == 302
    assert rotation.members.count() == 3


def test_a_minute_later_the_same_is_still_saved(web, schedule, ann, ben, clock_at) -> None:
    where = url("rotation-new", schedule)
    seen = web.post(where, rule(ann, ben) | {"step": "preview"})
    clock_at(NOW + timedelta(minutes=1))
    assert web.post(where, hidden(seen) | {"step": "save"}).status_code == 302
    assert Rotation.objects.exists()


def test_nothing_is_saved_without_the_mark_of_a_preview(web, schedule, ann) -> None:
    for mark in ("", "made up"):
        form = rule(ann) | {"step": "save", "mark": mark, "until": "nonsense"}
        answer = web.post(url("rotation-new", schedule), form)
        assert answer.status_code == 200
    assert not Rotation.objects.exists()


def test_the_preview_is_what_happens(web, schedule, ann, ben, cleo) -> None:
    rotation = turns(schedule, ann, ben)
    where = url("rotation", schedule, rotation.pk)
    seen = web.post(where, rule(cleo, ann, ben) | {"step": "preview"})
    web.post(where, hidden(seen) | {"step": "save"})
    text = plain(seen)
    for found in oncall.shifts(schedule, NOW + 6 * DAY, NOW + 20 * DAY):
        if found.user == cleo.pk and found.start > NOW + 6 * DAY:
            assert f"+ Primary: {found.start:%a} {found.start.day} {found.start:%b}" in text


def test_whoever_never_gets_a_turn_is_named(web, schedule, ann, ben) -> None:
    """Turns of 20 weeks: the second one begins after all that is looked at."""
    form = rule(ann, ben, hours=[("0", "09:00", "17:00", "")], count=20)
    text = plain(web.post(url("rotation-new", schedule), form | {"step": "preview"}))
    assert "Ben has a place in a line but no turn until" in text


def test_a_new_gap_is_said_in_hours(web, schedule, ann) -> None:
    rotation = turns(schedule, ann)
    form = rule(ann, hours=[("weekdays", "09:00", "17:00", "")])
    text = plain(web.post(url("rotation", schedule, rotation.pk), form | {"step": "preview"}))
    assert re.search(r"Nobody is Primary for [\d.]+ hours until .*; so far it is 0\.", text)


def test_a_rotation_that_begins_in_half_a_year_is_seen_at_work(web, schedule, ann) -> None:
    form = rule(ann, starts_on="2026-07-06") | {"step": "preview"}
    text = plain(web.post(url("rotation-new", schedule), form))
    assert "+ Primary: Mon 6 Jul, 09:00" in text


# Templates


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_fills_the_form_and_can_be_saved_as_it_is(web, schedule, key) -> None:
    where = url("rotation-new", schedule) + f"?template={key}"
    form = posted(web.get(where).content.decode())
    assert saved(web, where, form).status_code == 302
    rotation = Rotation.objects.get()
    assert rotation.name == TEMPLATES[key].name
    windows = sum(w.ends_minute - w.starts_minute for w in rotation.windows.all())
    assert windows / 60 == {
        "24x7": 0,
        "business-hours": 40,
        "after-hours": 128,
        "weekends": 62,
    }.get(key, 56)


def test_the_layers_page_offers_every_template(web, schedule) -> None:
    text = plain(web.get(url("layers", schedule)))
    for template in TEMPLATES.values():
        assert template.name in text


# Fixed shifts


def test_a_fixed_shift_is_previewed_and_saved(web, schedule, ann, ben) -> None:
    turns(schedule, ann)
    where = url("fixed-new", schedule)
    seen = web.post(where, shift(ben) | {"step": "preview"})
    assert "+ Primary: Thu 8 Jan, 10:00" in plain(seen)
    assert not FixedShift.objects.exists()
    assert web.post(where, hidden(seen) | {"step": "save"}).status_code == 302
    found = FixedShift.objects.get()
    assert [place.user for place in found.people.all()] == [ben]
    assert (found.rule, found.rank) == ("", 20)


@pytest.mark.parametrize(
    ("changes", "rule_text", "words"),
    [
        ({"repeats": "DAILY", "every": "3"}, "FREQ=DAILY;INTERVAL=3", "every 3 days"),
        (
            {"repeats": "WEEKLY", "every": "2", "weekdays": ["MO", "TH"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
            "every 2 weeks on Monday and Thursday",
        ),
        (
            {"repeats": "MONTHLY", "repeats_until": "2026-12-31"},
            "FREQ=MONTHLY;UNTIL=20261231",
            "every month, until 31 Dec 2026",
        ),
        ({"repeats": "YEARLY", "every": ""}, "FREQ=YEARLY", "every year"),
        (
            {"repeats": "CUSTOM", "own_rule": "rrule:freq=monthly;byday=-1FR"},
            "FREQ=MONTHLY;BYDAY=-1FR",
            "every month on the last Friday",
        ),
    ],
)
def test_a_shift_repeats_as_the_form_says_and_the_form_shows_it_again(
    web, schedule, ann, ben, changes, rule_text, words
) -> None:
    assert saved(web, url("fixed-new", schedule), shift(ben, **changes)).status_code == 302
    found = FixedShift.objects.get()
    assert found.rule == rule_text
    assert f"repeats {words}" in plain(web.get(url("layers", schedule)))
    where = url("fixed", schedule, found.pk)
    again = posted(web.get(where).content.decode())
    assert saved(web, where, again).status_code == 302
    found.refresh_from_db()
    assert found.rule == rule_text
    assert [place.user for place in found.people.all()] == [ben]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_time": "10:00"}, "The end must be after the start."),
        ({"ends_on": "2026-01-07"}, "The end must be after the start."),
        ({"starts_on": "1999-12-31"}, "This must lie between 2000 and 2199."),
        ({"ends_time": "noon"}, "Write a time such as 09:00."),
        ({"people": []}, "Say who is on this shift, or that nobody is on purpose."),
        ({"is_nobody": "on"}, "Either nobody is on this shift on purpose, or people are named."),
        ({"people": ["999999"]}, "Choose members of the group."),
        ({"repeats": "DAILY", "every": "0"}, "This is a number between 1 and 1000."),
        ({"repeats": "DAILY", "every": "x"}, "Write a number."),
        ({"repeats": "SOMETIMES"}, "Select a valid choice."),
        (
            {"repeats": "YEARLY", "repeats_until": "3026-01-01"},
            "This must lie between 2000 and 2199.",
        ),
        (
            {"repeats": "YEARLY", "repeats_until": "2026-01-01"},
            "The repetition must end after it starts.",
        ),
        (
            {"repeats": "CUSTOM", "own_rule": "FREQ=YEARLY;COUNT=1000"},
            "A repetition must end before 2200; leave the end out for no end.",
        ),
        ({"repeats": "CUSTOM", "own_rule": ""}, "A shift repeats daily, weekly"),
        (
            {"repeats": "CUSTOM", "own_rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
            "This rule never comes true in twelve years.",
        ),
        ({"on_holidays": "on"}, "Select a valid choice."),
        ({"name": ""}, "Give it a name."),
    ],
)
def test_a_senseless_fixed_shift_is_refused_at_the_field(
    web, schedule, ben, changes, sentence
) -> None:
    for step in ("preview", "save"):
        form = shift(ben) | changes | {"step": step}
        answer = web.post(url("fixed-new", schedule), form)
        assert answer.status_code == 422
        assert plain(answer).count(sentence) == 1
    assert not FixedShift.objects.exists()


def test_nobody_on_purpose_shows_as_a_gap_in_the_preview(web, schedule, ann) -> None:
    turns(schedule, ann)
    form = shift(is_nobody="on") | {"step": "preview"}
    text = plain(web.post(url("fixed-new", schedule), form))
    assert "Nobody is Primary for 6 hours" in text
    assert "− Primary: Thu 8 Jan, 10:00" in text  # noqa: RUF001


# Removing, settings


def test_a_layer_is_removed_after_a_look_at_what_is_left(web, schedule, ann, ben) -> None:
    keep, gone = turns(schedule, ann), turns(schedule, ben, rank=5)
    where = url("rotation-remove", schedule, gone.pk)
    seen = web.get(where)
    assert "Remove Weekly 2?" in plain(seen)
    assert Rotation.objects.count() == 2
    assert web.post(where, hidden(seen) | {"step": "save"}).status_code == 302
    assert list(Rotation.objects.all()) == [keep]


def test_a_fixed_shift_is_removed_after_a_look(web, schedule, ann, ben) -> None:
    saved(web, url("fixed-new", schedule), shift(ben))
    where = url("fixed-remove", schedule, FixedShift.objects.get().pk)
    assert web.post(where, {"step": "save"}).status_code == 200  # nothing was looked at
    assert web.post(where, hidden(web.get(where)) | {"step": "save"}).status_code == 302
    assert not FixedShift.objects.exists()


def test_another_zone_is_previewed_like_everything_else(web, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    where = url("settings", schedule)
    form = {"name": "Rota", "time_zone": "Asia/Tokyo", "is_active": "on", "holidays_of": "JP"}
    seen = web.post(where, form | {"step": "preview"})
    assert "Ann" in plain(seen)
    assert Schedule.objects.get().time_zone == "Europe/Berlin"
    assert web.post(where, hidden(seen) | {"step": "save"}).status_code == 302
    found = Schedule.objects.get()
    assert (found.time_zone, str(found.holidays), found.is_active) == ("Asia/Tokyo", "JP", True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not a time zone"),
        ({"time_zone": ""}, "This field is required."),
        ({"name": "Other"}, "This group has a schedule of this name already."),
        ({"is_active": "on"}, "This group has an active schedule already"),
    ],
)
def test_senseless_settings_are_refused_at_the_field(
    web, schedule, group, changes, sentence
) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(is_active=False)
    Schedule.objects.create(group=group, name="Other", time_zone="UTC")
    form = {"name": "Rota", "time_zone": "Europe/Berlin", "holidays_of": ""} | changes
    answer = web.post(url("settings", schedule), form | {"step": "save"})
    assert answer.status_code == 422
    assert plain(answer).count(sentence) == 1
    assert Schedule.objects.get(pk=schedule.pk).name == "Rota"


# A new schedule


def test_an_editor_makes_a_schedule_and_is_led_to_its_layers(web, group) -> None:
    where = reverse("schedules:new") + "?group=payments"
    page = web.get(where).content.decode()
    assert 'value="UTC"' in page
    form = {"group": group.pk, "name": "Rota", "time_zone": "Europe/Berlin", "is_active": "on"}
    answer = web.post(where, form)
    found = Schedule.objects.get()
    assert answer["Location"] == url("layers", found)
    assert (found.group, found.is_active) == (group, True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Rota"}, "This group has a schedule of this name already."),
        ({"is_active": "on"}, "This group has an active schedule already"),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not a time zone"),
        ({"group": "0"}, "Choose a group that you may edit."),
    ],
)
def test_a_senseless_schedule_is_refused_at_the_field(
    web, schedule, group, changes, sentence
) -> None:
    form = {"group": group.pk, "name": "Next", "time_zone": "UTC"} | changes
    answer = web.post(reverse("schedules:new"), form)
    assert answer.status_code == 422
    assert plain(answer).count(sentence) == 1
    assert Schedule.objects.count() == 1


def test_nobody_makes_a_schedule_for_a_group_of_others(client, web, ben, stranger) -> None:
    theirs = team(stranger, name="Others")
    form = {"group": theirs.pk, "name": "Mine", "time_zone": "UTC"}
    assert web.post(reverse("schedules:new"), form).status_code == 422
    client.force_login(ben)
    assert client.get(reverse("schedules:new")).status_code == 404
    assert client.post(reverse("schedules:new"), form).status_code == 404
    assert not Schedule.objects.exists()


# Who may


def pages(schedule: Schedule, rotation: Rotation, found: FixedShift) -> list[str]:
    return [
        url("layers", schedule),
        url("settings", schedule),
        url("rotation-new", schedule),
        url("rotation", schedule, rotation.pk),
        url("rotation-remove", schedule, rotation.pk),
        url("fixed-new", schedule),
        url("fixed", schedule, found.pk),
        url("fixed-remove", schedule, found.pk),
    ]


def test_only_editors_see_these_pages(client, schedule, ann, ben, stranger, admin) -> None:
    rotation = turns(schedule, ann)
    found = FixedShift(schedule=schedule, name="x", starts_on=date(2026, 1, 8))
    found.starts_time, found.ends_on, found.ends_time = time(9), date(2026, 1, 9), time(9)
    actions.save_fixed_shift(found, [ann], actor=None, now=NOW)
    every = pages(schedule, rotation, found)
    for where in every:
        assert client.get(where).status_code == 302  # sign in first
    for user, status in ((ben, 404), (stranger, 404), (ann, 200), (admin, 200)):
        client.force_login(user)
        assert [client.get(where).status_code for where in every] == [status] * len(every)
    client.force_login(ben)
    form = rule(ben) | {"step": "save"}
    assert [client.post(where, form).status_code for where in every[1:]] == [404] * 7
    assert "Edit layers" not in client.get(url("detail", schedule)).content.decode()
    client.force_login(ann)
    assert "Edit layers" in client.get(url("detail", schedule)).content.decode()


def test_a_layer_is_only_found_under_its_own_schedule(web, schedule, ann, ben) -> None:
    other = Schedule.objects.create(group=team(ben, name="Others"), name="Theirs")
    rotation = turns(other, ben)
    assert web.get(url("rotation", schedule, rotation.pk)).status_code == 404
    where = url("rotation-remove", schedule, rotation.pk)
    assert web.post(where, {"step": "save"}).status_code == 404


def test_the_forms_cost_the_same_however_long_the_line(
    web, schedule, group, ann, django_assert_max_num_queries
) -> None:
    people = [person(f"P{number}") for number in range(20)]
    for user in people:
        Member.objects.create(group=group, user=user, sequence=group.members.count())
    rotation = turns(schedule, ann, *people)
    for number in range(6):
        turns(schedule, ann, *people, rank=number)
    for where in (url("rotation", schedule, rotation.pk), url("layers", schedule)):
        with django_assert_max_num_queries(14):
            web.get(where)
