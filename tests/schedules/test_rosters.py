"""From rows to the resolver's dataclasses: every kind of row, one statement, nobody unpageable."""

from datetime import date, datetime, time, timedelta

import pytest

from accounts.models import User
from groups.models import Group
from schedules import oncall, rosters, rota
from schedules.models import (
    DutyWindow,
    FixedShift,
    FixedShiftPerson,
    Holiday,
    HolidayCalendar,
    ImportedCalendar,
    ImportedEvent,
    RotationMember,
    Schedule,
    SwapRequest,
    TemporarySchedule,
    TemporaryShift,
    TimeOff,
)
from schedules.posts import Source
from schedules.states import Role, Why
from tests.schedules.cast import utc
from tests.schedules.rows import NOW, calendar, cover, join, person, team, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def primary(group: Group, at: datetime = NOW) -> list[int]:
    return list(oncall.on_call([group.pk], at)[group.pk].primary)


def source(group: Group, at: datetime = NOW) -> str:
    return oncall.on_call([group.pk], at)[group.pk].source


def fixed(schedule: Schedule, *people: User, **fields: object) -> FixedShift:
    """Wednesdays from 9 to 17, again and again."""
    plain: dict[str, object] = {
        "name": f"Shift {schedule.fixed_shifts.count()}",
        "starts_on": date(2026, 1, 7),
        "starts_time": time(9),
        "ends_on": date(2026, 1, 7),
        "ends_time": time(17),
        "rule": "FREQ=WEEKLY",
        "rank": 1,
    }
    shift = FixedShift.objects.create(schedule=schedule, **(plain | fields))
    for position, user in enumerate(people):
        FixedShiftPerson.objects.create(shift=shift, user=user, position=position)
    return shift


def test_a_fixed_shift_covers_the_rotation_while_it_lasts(
    schedule: Schedule, ann: User, ben: User
) -> None:
    turns(schedule, ann)
    fixed(schedule, ben, name="Wednesdays")
    assert primary(schedule.group) == [ben.pk]
    assert "Fixed shift “Wednesdays”" in source(schedule.group)
    assert primary(schedule.group, utc("2026-01-07 16:00")) == [ann.pk]
    assert primary(schedule.group, utc("2026-01-14 15:59")) == [ben.pk]


def test_a_hole_on_purpose_hides_the_ranks_below(schedule: Schedule, ann: User) -> None:
    turns(schedule, ann)
    fixed(schedule, is_nobody=True)
    assert primary(schedule.group) == []
    assert primary(schedule.group, utc("2026-01-07 16:00")) == [ann.pk]


def test_a_shift_whose_people_are_gone_hides_nothing(
    schedule: Schedule, ann: User, ben: User
) -> None:
    turns(schedule, ann)
    fixed(schedule, ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert primary(schedule.group) == [ann.pk]


def test_duty_hours_and_public_holidays_restrict_a_rotation(
    schedule: Schedule, ann: User, ben: User
) -> None:
    austria = HolidayCalendar.objects.create(country="AT")
    Holiday.objects.create(calendar=austria, on=date(2026, 1, 8), name="A day off")
    turns(schedule, ann)
    office = turns(schedule, ben, rank=1, holidays=austria, on_holidays="off")
    for day in range(5):
        start = day * 1440 + 9 * 60
        DutyWindow.objects.create(rotation=office, starts_minute=start, ends_minute=start + 480)
    assert primary(schedule.group) == [ben.pk]
    assert primary(schedule.group, NOW + DAY) == [ann.pk]
    assert primary(schedule.group, NOW + 2 * DAY) == [ben.pk]
    assert primary(schedule.group, NOW + 3 * DAY) == [ann.pk]
    assert primary(schedule.group, NOW + 6 * HOUR) == [ann.pk]


def test_people_join_and_leave_on_a_day(schedule: Schedule, ann: User, ben: User) -> None:
    line = turns(schedule, ann)
    RotationMember.objects.create(rotation=line, user=ben, position=1, joins_on=date(2026, 1, 12))
    assert primary(schedule.group) == [ann.pk]
    assert primary(schedule.group, NOW + 7 * DAY) == [ben.pk]


def test_an_edit_waits_for_its_hand_off(schedule: Schedule, ann: User, ben: User) -> None:
    line = turns(schedule, ben)
    line.takes_effect_at = utc("2026-01-12 08:00")
    line.outgoing = {
        "starts": "2026-01-05T09:00:00", "ends": None, "unit": "week", "count": 1,
        "fills": "primary", "rank": 0, "people_at_once": 1, "advance": "calendar",
        "holidays": None, "on_holidays": "", "windows": [], "places": [[ann.pk, None, None]],
    }  # fmt: skip
    line.save()
    assert primary(schedule.group) == [ann.pk]
    assert primary(schedule.group, utc("2026-01-12 07:59")) == [ann.pk]
    assert primary(schedule.group, utc("2026-01-12 08:00")) == [ben.pk]


def test_an_unreadable_former_rule_stops_nobodys_page(
    schedule: Schedule, ben: User, caplog: pytest.LogCaptureFixture
) -> None:
    line = turns(schedule, ben)
    line.takes_effect_at, line.outgoing = NOW + DAY, {"starts": "nonsense"}
    line.save()
    assert primary(schedule.group) == [ben.pk]
    assert "unreadable" in caplog.text


def test_whom_an_imported_event_names_is_on_call_while_it_lasts(
    schedule: Schedule, ann: User, ben: User
) -> None:
    turns(schedule, ann)
    feed = ImportedCalendar.objects.create(schedule=schedule, name="Google", url="x", rank=5)
    for user, start in ((ben, NOW - HOUR), (None, NOW + HOUR), (ben, NOW + 3 * HOUR)):
        ImportedEvent.objects.create(
            calendar=feed, uid="1", starts_at=start, ends_at=start + 2 * HOUR, user=user
        )
    assert primary(schedule.group) == [ben.pk]
    assert "Imported calendar “Google”" in source(schedule.group)
    assert primary(schedule.group, NOW + 2 * HOUR) == [ann.pk], "an unknown name hides nothing"
    assert primary(schedule.group, NOW + 3 * HOUR) == [ben.pk]


def test_a_calendar_that_runs_out_leaves_the_standing_order(schedule: Schedule, ann: User) -> None:
    feed = ImportedCalendar.objects.create(schedule=schedule, name="Google", url="x")
    ImportedEvent.objects.create(
        calendar=feed, uid="1", starts_at=NOW - DAY, ends_at=NOW - HOUR, user=ann
    )
    assert primary(schedule.group, NOW - 2 * HOUR) == [ann.pk]
    assert oncall.on_call([schedule.group_id], NOW)[schedule.group_id].source.endswith("order")


def test_overrides_add_remove_and_stay_in_their_layer(
    schedule: Schedule, ann: User, ben: User, cleo: User
) -> None:
    upper, lower = turns(schedule, ann, rank=1), turns(schedule, ben)
    cover(schedule, cleo, kind="add")
    assert primary(schedule.group) == [ann.pk, cleo.pk]
    cover(schedule, None, kind="remove", replaces=ann)
    assert primary(schedule.group) == [ben.pk, cleo.pk]
    schedule.overrides.all().delete()
    cover(schedule, cleo, rotation=lower)
    assert primary(schedule.group) == [ann.pk]
    cover(schedule, ben, rotation=upper)
    assert primary(schedule.group) == [ben.pk]


def test_a_taken_request_is_a_swap(schedule: Schedule, ann: User, ben: User) -> None:
    turns(schedule, ann)
    swap = SwapRequest.objects.create(
        schedule=schedule, user=ann, starts_at=NOW - HOUR, ends_at=NOW + HOUR,
        state="taken", taken_by=ben, decided_at=NOW,
    )  # fmt: skip
    cover(schedule, ben, replaces=ann, swap=swap)
    duty = oncall.on_call([schedule.group_id], NOW)[schedule.group_id].duties[0]
    assert (duty.user, duty.source) == (ben.pk, Source(Why.SWAP, swap.pk))


def test_a_temporary_schedule_replaces_everything(
    schedule: Schedule, ann: User, ben: User, cleo: User
) -> None:
    turns(schedule, ann)
    cover(schedule, ben)
    window = TemporarySchedule.objects.create(
        schedule=schedule, name="Migration", starts_at=NOW - HOUR, ends_at=NOW + HOUR
    )
    TemporaryShift.objects.create(
        temporary=window, user=cleo, starts_at=NOW - HOUR, ends_at=NOW + HOUR / 2
    )
    assert primary(schedule.group) == [cleo.pk]
    assert "Temporary schedule “Migration”" in source(schedule.group)
    assert primary(schedule.group, NOW + HOUR / 2) == []
    assert primary(schedule.group, NOW + HOUR) == [ann.pk]


def away(user: User, covered_by: User | None = None, **fields: object) -> TimeOff:
    plain = {"starts_at": NOW - DAY, "ends_at": NOW + DAY}
    return TimeOff.objects.create(user=user, covered_by=covered_by, **(plain | fields))


def test_whoever_covers_time_off_is_on_call_the_one_for_the_group_before_the_one_for_all(
    schedule: Schedule, ann: User, ben: User, cleo: User
) -> None:
    turns(schedule, ann)
    away(ann, ben)
    assert primary(schedule.group) == [ben.pk]
    mine = away(ann, cleo, group=schedule.group)
    assert primary(schedule.group) == [cleo.pk]
    TimeOff.objects.filter(pk=mine.pk).update(answer="declined", answered_at=NOW)
    assert primary(schedule.group) == [ben.pk]
    assert primary(schedule.group, NOW + DAY) == [ann.pk]


def test_a_cover_by_somebody_who_cannot_be_on_call_here_leaves_the_shift_with_its_owner(
    schedule: Schedule, ann: User, stranger: User
) -> None:
    turns(schedule, ann)
    away(ann, stranger)
    assert primary(schedule.group) == [ann.pk]


def test_time_off_counts_for_the_standing_order_too(ann: User, ben: User) -> None:
    group = team(ann, ben)
    away(ann)
    assert primary(group) == [ben.pk]


def test_what_is_loaded_takes_one_statement_however_many_groups(
    schedule: Schedule, ann: User, ben: User, django_assert_num_queries: object
) -> None:
    turns(schedule, ann, ben)
    other = person("Olga")
    second = calendar(team(other, name="Search"))
    turns(second, other)
    groups = [schedule.group_id, second.group_id]
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = oncall.on_call(groups, NOW)
    assert [found[pk].primary for pk in groups] == [(ann.pk,), (other.pk,)]


def test_one_layer_by_itself_is_drawn_without_what_lies_over_it(
    schedule: Schedule, ann: User, ben: User, cleo: User
) -> None:
    lower = turns(schedule, ann, ben)
    turns(schedule, cleo, rank=3)
    cover(schedule, cleo)
    since, until = utc("2026-01-05 08:00"), utc("2026-01-19 08:00")
    roster = rosters.load([schedule.group_id], since, until)[schedule.group_id]
    found = rota.shifts_of_layer(roster.plan, (Why.ROTATION, lower.pk), since, until)
    assert [(shift.user, shift.start) for shift in found] == [
        (ann.pk, since), (ben.pk, utc("2026-01-12 08:00")),
    ]  # fmt: skip


def test_my_calendar_holds_my_final_shifts_of_all_groups(
    schedule: Schedule, ann: User, ben: User
) -> None:
    turns(schedule, ann, ben)
    second = calendar(team(ben, name="Search"))
    turns(second, ben)
    join(team(name="Idle"), ben, is_primary=True)
    found = oncall.my_calendar(ben, utc("2026-01-05 08:00"), utc("2026-01-19 08:00"))
    assert [(mine.group_id, mine.shift.start) for mine in found] == [
        (second.group_id, utc("2026-01-05 08:00")),
        (schedule.group_id, utc("2026-01-12 08:00")),
        (second.group_id, utc("2026-01-12 08:00")),
    ]
    assert {mine.shift.role for mine in found} == {Role.PRIMARY}


def test_what_is_kept_of_a_roster_follows_every_change_at_once(
    schedule: Schedule, ann: User, ben: User
) -> None:
    austria = HolidayCalendar.objects.create(country="AT")
    turns(schedule, ann)
    turns(schedule, ben, rank=1, holidays=austria, on_holidays="off")
    assert primary(schedule.group) == primary(schedule.group) == [ben.pk]
    day = Holiday.objects.create(calendar=austria, on=date(2026, 1, 7), name="A day off")
    assert primary(schedule.group) == [ann.pk]
    day.delete()
    assert primary(schedule.group) == [ben.pk]
    Schedule.objects.update(time_zone="Pacific/Auckland")
    assert rosters.load([schedule.group_id], NOW, NOW)[schedule.group_id].zone.key.endswith("land")
