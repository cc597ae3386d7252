"""Layers are changed: the past stays, whoever has the turn keeps it, those who are moved know."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.errors import NotAllowed
from accounts.models import User
from schedules import actions, oncall, preview
from schedules.actions import Place
from schedules.models import (
    FixedShift,
    ImportedCalendar,
    NoticeSettings,
    Override,
    PastDuty,
    Rotation,
    Schedule,
    ShiftChange,
)
from tests.schedules.rows import NOW, calendar, team, turns

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
HANDOFF = NOW + timedelta(days=4, hours=20)  # Monday at nine in Berlin


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


@pytest.fixture
def rota(schedule, ann, ben) -> Rotation:
    Schedule.objects.update(created_at=NOW - WEEK)
    return turns(schedule, ann, ben)


@pytest.fixture
def editor(group, ann) -> User:
    group.members.filter(user=ann).update(can_edit=True)
    return ann


def primary(schedule: Schedule, at) -> tuple[int, ...]:
    return oncall.on_call([schedule.group_id], at)[schedule.group_id].primary


def shift(schedule: Schedule, **fields) -> FixedShift:
    plain = {
        "name": "Saturday",
        "starts_on": date(2026, 1, 10),
        "starts_time": time(9),
        "ends_on": date(2026, 1, 10),
        "ends_time": time(17),
        "rank": 5,
    }
    return FixedShift(schedule=schedule, **(plain | fields))


# Rotations


def test_whoever_has_the_turn_keeps_it_until_the_present_handoff(rota, ann, ben, cleo) -> None:
    actions.save_rotation(rota, [cleo, ben], actor=None, now=NOW)
    rota.refresh_from_db()
    assert rota.takes_effect_at == HANDOFF
    assert primary(rota.schedule, NOW) == (ann.pk,)
    assert primary(rota.schedule, HANDOFF - HOUR) == (ann.pk,)
    assert primary(rota.schedule, HANDOFF) == (ben.pk,)
    assert primary(rota.schedule, HANDOFF + WEEK) == (cleo.pk,)


def test_a_second_edit_before_the_handoff_does_not_move_them_either(rota, ann, ben, cleo) -> None:
    actions.save_rotation(rota, [cleo, ben], actor=None, now=NOW)
    actions.save_rotation(rota, [cleo], actor=None, now=NOW + HOUR)
    assert primary(rota.schedule, HANDOFF - HOUR) == (ann.pk,)
    assert primary(rota.schedule, HANDOFF) == (cleo.pk,)


def test_an_edit_taken_back_leaves_nothing_waiting(rota, ann, ben, cleo) -> None:
    actions.save_rotation(rota, [cleo, ben], actor=None, now=NOW)
    actions.save_rotation(rota, [ann, ben], actor=None, now=NOW + HOUR)
    rota.refresh_from_db()
    assert (rota.takes_effect_at, rota.outgoing) == (None, None)


def test_a_change_of_name_waits_for_nothing(rota) -> None:
    rota.name = "Another"
    actions.save_rotation(rota, None, actor=None, now=NOW)
    rota.refresh_from_db()
    assert (rota.name, rota.takes_effect_at) == ("Another", None)


def test_where_nobody_has_the_turn_an_edit_counts_at_once(schedule, ann) -> None:
    empty = turns(schedule)
    actions.save_rotation(empty, [ann], actor=None, now=NOW)
    assert primary(schedule, NOW) == (ann.pk,)


def test_a_longer_end_does_not_leave_a_hole_at_the_old_one(rota, ann) -> None:
    rota.ends_on = date(2026, 1, 8)
    rota.save()
    rota.ends_on = None
    actions.save_rotation(rota, None, actor=None, now=NOW)
    for hours in range(0, 200, 5):
        assert len(primary(rota.schedule, NOW + hours * HOUR)) == 1, hours


def test_a_draft_is_edited_at_once(group, ann, ben) -> None:
    draft = calendar(group, is_active=False)
    rotation = turns(draft, ann)
    actions.save_rotation(rotation, [ben], actor=None, now=NOW)
    assert Rotation.objects.get().takes_effect_at is None
    assert not ShiftChange.objects.exists()


def test_the_past_is_what_it_was_after_any_edit(rota, ann, ben, cleo, clock_at) -> None:
    was = [primary(rota.schedule, NOW - n * HOUR) for n in range(50)]
    actions.save_rotation(rota, [cleo], actor=None, now=NOW)
    rota.starts_on = date(2026, 2, 2)
    actions.save_rotation(rota, None, actor=None, now=clock_at(NOW + HOUR))
    actions.remove(rota, actor=None, now=clock_at(NOW + 2 * HOUR))
    assert [primary(rota.schedule, NOW - n * HOUR) for n in range(50)] == was
    assert primary(rota.schedule, NOW + HOUR) == (ann.pk,)
    assert "Rotation “Weekly 1”" in {duty.words for duty in PastDuty.objects.all()}


def test_people_join_and_leave_on_a_day_and_a_turn_may_be_nobodys(schedule, ann, ben) -> None:
    made = Rotation(schedule=schedule, name="W", starts_on=NOW.date(), handoff_at=time(9))
    line = [ann, Place(ben, joins_on=date(2026, 2, 1)), None]
    actions.save_rotation(made, line, actor=None, now=NOW)
    places = made.members.values_list("user", "joins_on")
    assert list(places) == [(ann.pk, None), (ben.pk, date(2026, 2, 1)), (None, None)]


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        ([(540, 1020), (960, 1200)], "Duty hours overlap: Monday 09:00 to Monday 17:00 and Monday"),
        ([(0, 60), (6840, 10100)], "Duty hours overlap: Friday 18:00 to Monday 00:20 and Monday"),
        ([(600, 600)], "Duty hours must end after they begin, within a week."),
        ([(600, 540)], "Duty hours must end after they begin, within a week."),
        ([(0, 10080)], "Duty hours must end after they begin, within a week."),
        ([(-5, 60)], "Duty hours must end after they begin, within a week."),
        ([(n * 100, n * 100 + 1) for n in range(51)], "At most 50 stretches"),
    ],
)
def test_senseless_duty_hours_are_refused_and_nothing_is_saved(
    rota, ann, windows, sentence
) -> None:
    rota.name = "Changed"
    with pytest.raises(ValidationError) as refused:
        actions.save_rotation(rota, [ann], windows=windows, actor=None, now=NOW)
    assert refused.value.messages[0].startswith(sentence)
    rota.refresh_from_db()
    assert (rota.name, len(rota.people), rota.windows.count()) == ("Weekly 1", 2, 0)


def test_duty_hours_are_replaced_as_a_whole_or_left_alone(rota) -> None:
    actions.save_rotation(rota, None, windows=[(6840, 10560), (540, 1020)], actor=None, now=NOW)
    actions.save_rotation(rota, None, actor=None, now=NOW)
    assert [(w.starts_minute, w.ends_minute) for w in rota.windows.all()] == [
        (540, 1020),
        (6840, 10560),
    ]


def test_a_line_that_makes_no_sense_is_refused(schedule, rota, ann, stranger) -> None:
    for line, sentence in (
        ([Place(ann, date(2026, 2, 2), date(2026, 2, 2))], "The day of leaving must be after"),
        ([stranger], "Mallory is not a member of Payments"),
        ([ann] * 201, "A line has at most 200 places."),
    ):
        with pytest.raises(ValidationError) as refused:
            actions.save_rotation(rota, line, actor=None, now=NOW)
        assert refused.value.messages[0].startswith(sentence)
    assert len(rota.people) == 2


# Fixed shifts


def test_a_fixed_shift_repeats_by_a_rule_that_is_understood(schedule, ann) -> None:
    weekly = shift(schedule, rule="rrule:freq=weekly;count=3")
    saved = actions.save_fixed_shift(weekly, [ann], actor=None, now=NOW)
    assert saved.rule == "FREQ=WEEKLY;UNTIL=20260124"
    saturday = NOW.replace(day=17)
    assert primary(schedule, saturday) == (ann.pk,)


@pytest.mark.parametrize(
    ("fields", "people", "sentence"),
    [
        ({"rule": "FREQ=YEARLY;UNTIL=30260101"}, "ann", "A repetition must end before 2200"),
        ({"rule": "FREQ=YEARLY;INTERVAL=1000"}, "ann", "INTERVAL is a number between 1 and 10."),
        ({"rule": "FREQ=SECONDLY"}, "ann", "A shift repeats daily, weekly, monthly or yearly."),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "ann", "This rule never comes true"),
        ({"ends_on": date(2026, 1, 9)}, "ann", "The end must be after the start."),
        ({"ends_on": date(3026, 1, 9)}, "ann", "A shift must lie between 2000 and 2199."),
        ({}, "", "Say who is on this shift, or that nobody is on purpose."),
        ({"is_nobody": True}, "ann", "Either nobody is on this shift on purpose, or people"),
        ({}, "stranger", "Mallory is not a member of Payments"),
        ({"on_holidays": "off"}, "ann", "Choose both: whose holidays, and what they change."),
    ],
)
def test_a_senseless_fixed_shift_is_refused_in_one_sentence(
    schedule, ann, stranger, fields, people, sentence
) -> None:
    who = {"ann": [ann], "stranger": [stranger], "": []}[people]
    with pytest.raises(ValidationError) as refused:
        actions.save_fixed_shift(shift(schedule, **fields), who, actor=None, now=NOW)
    assert refused.value.messages[0].startswith(sentence)
    assert not FixedShift.objects.exists()


def test_only_editors_touch_layers(schedule, rota, ben, ann) -> None:
    for change in (
        lambda: actions.save_fixed_shift(shift(schedule), [ann], actor=ben, now=NOW),
        lambda: actions.remove(rota, actor=ben, now=NOW),
        lambda: actions.save_calendar(
            ImportedCalendar(schedule=schedule, name="x", url="https://a.example/"),
            actor=ben,
            now=NOW,
        ),
        lambda: actions.save_notices(NoticeSettings(schedule=schedule), actor=ben, now=NOW),
    ):
        with pytest.raises(NotAllowed, match="Only those who may edit Payments"):
            change()


def test_a_layer_stays_in_its_group(schedule, ann, admin) -> None:
    made = actions.save_fixed_shift(shift(schedule), [ann], actor=admin, now=NOW)
    made.schedule = calendar(team(ann, name="Other"))
    with pytest.raises(ValidationError, match="It stays in its group"):
        actions.save_fixed_shift(made, None, actor=admin, now=NOW)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://a.example/x", "The address must begin with https:// or http://."),
        ("https://me:secret@a.example/", "The address must not contain a user name or password."),
        ("", "The address must begin with https:// or http://."),
        ("https://a b/", "The address contains characters that do not belong there."),
    ],
)
def test_a_senseless_address_of_a_calendar_is_refused(schedule, url, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.save_calendar(
            ImportedCalendar(schedule=schedule, name="x", url=url), actor=None, now=NOW
        )
    assert refused.value.messages == [sentence]


def test_an_address_as_calendar_programs_write_it_is_taken(schedule) -> None:
    made = ImportedCalendar(schedule=schedule, name="x", url=" webcal://a.example/t.ics ")
    assert actions.save_calendar(made, actor=None, now=NOW).url == "https://a.example/t.ics"


# Those who are moved


def test_people_whose_own_shifts_moved_are_noted_and_nobody_else(
    rota, editor, ben, cleo, schedule
) -> None:
    gone = Override(
        schedule=schedule, user=cleo, role="primary", starts_at=HANDOFF, ends_at=HANDOFF + DAY
    )
    actions.add_override(gone, actor=editor, now=NOW)
    found = {c.user: (c.gained, c.lost, c.made_by) for c in ShiftChange.objects.all()}
    piece = ["primary", HANDOFF.isoformat(), (HANDOFF + DAY).isoformat()]
    assert found == {cleo: ([piece], [], editor), ben: ([], [piece], editor)}


def test_whoever_makes_the_change_is_not_told_of_it(rota, editor, ben) -> None:
    actions.save_rotation(rota, [ben], actor=editor, now=NOW)
    assert {change.user for change in ShiftChange.objects.all()} == {ben}


def test_switching_another_schedule_on_tells_both_sides(rota, admin, ann, ben, cleo) -> None:
    other = calendar(rota.schedule.group, name="Next", is_active=False)
    turns(other, cleo)
    rota.schedule.is_active = False
    actions.save_schedule(rota.schedule, actor=admin, now=NOW)
    other.is_active = True
    actions.save_schedule(other, actor=admin, now=NOW)
    who = {(c.user, bool(c.gained), bool(c.lost)) for c in ShiftChange.objects.all()}
    assert who == {(ann, False, True), (ben, False, True), (cleo, True, False)}


def test_what_was_is_not_news(rota, admin, ann, ben) -> None:
    actions.remove(rota, actor=admin, now=NOW)
    starts = [start for c in ShiftChange.objects.all() for _, start, _ in c.lost]
    assert min(starts) == NOW.isoformat()


# Preview


def test_a_proposed_change_is_seen_and_nothing_of_it_stays(rota, ann, ben, cleo) -> None:
    def change() -> None:
        actions.save_rotation(rota, [cleo, ben], actor=None, now=NOW)

    before, after = preview.proposed(rota.schedule, change, NOW, NOW + 3 * WEEK)
    moved = {
        m.user: (m.gained, m.lost) for m in preview.preview(before, after, NOW, NOW + 3 * WEEK)
    }
    assert set(moved) == {ann.pk, cleo.pk}
    assert [(s.start, s.end) for s in moved[cleo.pk][0]] == [(HANDOFF + WEEK, HANDOFF + 2 * WEEK)]
    assert [(s.start, s.end) for s in moved[ann.pk][1]] == [(HANDOFF + WEEK, HANDOFF + 2 * WEEK)]
    assert Rotation.objects.get().people == [ann, ben]
    assert not ShiftChange.objects.exists()
    assert not PastDuty.objects.exists()


def test_a_proposed_change_that_is_refused_says_why_and_leaves_nothing(rota, stranger) -> None:
    def change() -> None:
        rota.name = "Changed"
        rota.save()
        actions.save_rotation(rota, [stranger], actor=None, now=NOW)

    with pytest.raises(ValidationError, match="Mallory is not a member"):
        preview.proposed(rota.schedule, change, NOW, NOW + WEEK)
    assert Rotation.objects.get().name == "Weekly 1"
