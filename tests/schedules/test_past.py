"""What was is a record: no edit changes it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from schedules import oncall, past, rosters, rota
from schedules.models import PastDuty, Schedule, Settled
from schedules.rota import Shift
from schedules.states import Why
from tests.schedules.rows import NOW, cover, turns

DAY = timedelta(days=1)


def final(schedule: Schedule) -> list[Shift]:
    return oncall.shifts(schedule, NOW - DAY, NOW + 21 * DAY)


def test_no_edit_changes_what_was(
    schedule: Schedule, ann: User, ben: User, cleo: User, frozen: object
) -> None:
    line = turns(schedule, ann, ben)
    past.settle([schedule.group_id], NOW - DAY)
    cover(schedule, cleo, starts_at=NOW - DAY / 2, ends_at=NOW + DAY)
    before = oncall.shifts(schedule, NOW - DAY, NOW)
    assert [shift.user for shift in before if shift.role == "primary"] == [ann.pk, cleo.pk]

    past.settle([schedule.group_id], NOW)
    schedule.overrides.all().delete()
    line.delete()
    turns(schedule, ben)

    roster = oncall.roster_of(schedule, NOW - DAY, NOW)
    assert rota.shifts(roster.plan, NOW - DAY, NOW) == before
    assert [oncall.why(roster, shift.source) for shift in before if shift.role == "primary"] == [
        "Rotation “Weekly 1”",
        "Override",
    ]
    assert oncall.on_call([schedule.group_id], NOW)[schedule.group_id].primary == (ben.pk,)


def test_a_shift_that_is_cut_by_the_record_is_one_shift(
    schedule: Schedule, ann: User, ben: User, frozen: object
) -> None:
    turns(schedule, ann, ben)
    whole = final(schedule)
    for hours in (20, 10, 5, 0):
        past.settle([schedule.group_id], NOW - timedelta(hours=hours))
    assert PastDuty.objects.filter(role="primary").count() == 3
    assert final(schedule) == whole


def test_the_record_begins_when_it_is_first_asked_for_and_only_grows(
    schedule: Schedule, ann: User, frozen: object
) -> None:
    turns(schedule, ann)
    past.settle([schedule.group_id], NOW - DAY)
    past.settle([schedule.group_id], NOW)
    past.settle([schedule.group_id], NOW - DAY / 2)
    settled = Settled.objects.get()
    assert (settled.since, settled.until) == (NOW - DAY, NOW)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        Settled.objects.update(until=NOW - DAY)
    with pytest.raises(DatabaseError, match="is a record"), transaction.atomic():
        PastDuty.objects.update(words="Nobody")


def test_a_clock_that_runs_ahead_cannot_write_the_future_down(
    schedule: Schedule, ann: User, ben: User, frozen: object
) -> None:
    turns(schedule, ann)
    past.settle([schedule.group_id], NOW - DAY)
    past.settle([schedule.group_id], NOW + DAY)
    cover(schedule, ben)
    assert oncall.on_call([schedule.group_id], NOW)[schedule.group_id].primary == (ben.pk,)


def test_a_draft_does_not_show_the_record_of_the_active_schedule(
    schedule: Schedule, ann: User, ben: User, frozen: object
) -> None:
    turns(schedule, ann)
    past.settle([schedule.group_id], NOW - DAY)
    past.settle([schedule.group_id], NOW)
    draft = Schedule.objects.create(group=schedule.group, name="Next", is_active=False)
    turns(draft, ben)
    shown = oncall.shifts(draft, NOW - DAY, NOW)
    assert {shift.user for shift in shown if shift.source and shift.source.why == Why.ROTATION} == {
        ben.pk
    }


def test_before_the_record_began_the_rules_answer(
    schedule: Schedule, ann: User, frozen: object
) -> None:
    turns(schedule, ann)
    past.settle([schedule.group_id], NOW)
    roster = rosters.load([schedule.group_id], NOW - DAY, NOW)[schedule.group_id]
    found = rota.shifts(roster.plan, NOW - DAY, NOW)
    assert [shift.user for shift in found if shift.role == "primary"] == [ann.pk]


def test_newer_rules_for_the_clocks_do_not_change_what_was(
    schedule: Schedule, ann: User, ben: User, frozen: object
) -> None:
    turns(schedule, ann, ben, unit="day")
    past.settle([schedule.group_id], NOW - 2 * DAY)
    past.settle([schedule.group_id], NOW)
    before = oncall.shifts(schedule, NOW - 2 * DAY, NOW)
    Schedule.objects.update(time_zone="Asia/Kathmandu")
    schedule.refresh_from_db()
    assert oncall.shifts(schedule, NOW - 2 * DAY, NOW) == before
    ahead = oncall.shifts(schedule, NOW, NOW + 2 * DAY)
    assert [shift.start.hour for shift in ahead if shift.role == "primary"] == [12, 3, 3]


def test_every_night_what_was_is_written_down(
    schedule: Schedule, ann: User, frozen: object
) -> None:
    turns(schedule, ann)
    assert past.settle_all(NOW - DAY) == past.settle_all(NOW) == 1
    assert Settled.objects.get().until == NOW
    assert PastDuty.objects.filter(role="primary").get().user == ann
