"""A temporary schedule: within its window nothing else counts, and what was stays."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import NotAllowed
from accounts.models import User
from schedules import actions, actions_temporary, oncall
from schedules.models import Override, Rotation, TemporarySchedule, TemporaryShift
from tests.schedules.rows import NOW, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


@pytest.fixture
def rota(schedule, ann, ben) -> Rotation:
    return turns(schedule, ann, ben)


def part(user: User, start: float = 1, end: float = 2, role: str = "primary") -> TemporaryShift:
    return TemporaryShift(
        user=user, role=role, starts_at=NOW + start * DAY, ends_at=NOW + end * DAY
    )


def save(rota: Rotation, *shifts: TemporaryShift, **fields) -> TemporarySchedule:
    plain = {"name": "Move", "starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
    made = TemporarySchedule(schedule=rota.schedule, **(plain | fields))
    return actions_temporary.save_temporary(made, shifts, actor=None, now=NOW)


def primary(rota: Rotation, at=NOW + 1.5 * DAY) -> tuple[int, ...]:
    group = rota.schedule.group_id
    return oncall.on_call([group], at)[group].primary


def test_only_its_own_shifts_count_while_it_lasts(rota, ben, cleo) -> None:
    actions.add_override(
        Override(
            schedule=rota.schedule,
            user=ben,
            role="primary",
            starts_at=NOW + DAY,
            ends_at=NOW + 3 * DAY,
        ),
        actor=None,
        now=NOW,
    )
    save(rota, part(cleo, 1, 1.5))
    assert primary(rota, NOW + 1.25 * DAY) == (cleo.pk,)
    assert primary(rota, NOW + 1.75 * DAY) == ()
    assert primary(rota, NOW + 2 * DAY) == (ben.pk,)


@pytest.mark.parametrize(
    ("fields", "shifts", "sentence"),
    [
        ({"ends_at": NOW + DAY}, (), "The end must be after the start."),
        ({"ends_at": NOW}, (), "This time has passed; the end must be in the future."),
        ({}, ((1, 3),), "Every shift must lie within the temporary schedule."),
        ({}, ((1.5, 1.2),), "The end must be after the start."),
        ({"name": ""}, (), "This field cannot be blank."),
    ],
)
def test_a_senseless_one_is_refused_in_one_sentence(rota, ann, fields, shifts, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        save(rota, *(part(ann, *times) for times in shifts), **fields)
    assert refused.value.messages == [sentence]
    assert not TemporarySchedule.objects.exists()


def test_strangers_and_ordinary_members_are_refused(rota, ann, ben, stranger) -> None:
    with pytest.raises(ValidationError, match="Mallory is not a member"):
        save(rota, part(stranger))
    made = save(rota, part(ann))
    with pytest.raises(NotAllowed, match="Only those who may edit Payments"):
        actions_temporary.end_temporary(made, actor=ben, now=NOW)


def test_two_at_a_time_are_refused_by_the_action_and_by_the_database(rota, ann) -> None:
    save(rota, part(ann))
    with pytest.raises(ValidationError, match="There is a temporary schedule for this time"):
        save(rota, starts_at=NOW + 1.5 * DAY, ends_at=NOW + 3 * DAY)
    save(rota, starts_at=NOW + 2 * DAY, ends_at=NOW + 3 * DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        TemporarySchedule.objects.create(
            schedule=rota.schedule, name="x", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY
        )


def test_what_has_passed_of_it_stays_as_it_was(rota, ann, cleo, clock_at) -> None:
    made = save(rota, part(cleo, -1, 2), starts_at=NOW - DAY)
    assert (made.starts_at, made.shifts.get().starts_at) == (NOW, NOW)
    half = clock_at(NOW + DAY)
    made.starts_at = half
    actions_temporary.save_temporary(made, [part(ann, 0, 2)], actor=None, now=half)
    assert primary(rota, half - HOUR) == (cleo.pk,)
    assert primary(rota, half) == (ann.pk,)
    later = clock_at(NOW + 1.5 * DAY)
    actions_temporary.end_temporary(made, actor=None, now=later)
    made.refresh_from_db()
    assert made.ends_at == later
    with pytest.raises(NotAllowed, match="This temporary schedule is over"):
        actions_temporary.end_temporary(made, actor=None, now=later)
    made.ends_at = NOW + 3 * DAY
    with pytest.raises(NotAllowed, match="This temporary schedule is over"):
        actions_temporary.save_temporary(made, [], actor=None, now=later)


def test_one_that_has_not_begun_goes_wholly(rota, ann) -> None:
    actions_temporary.end_temporary(save(rota, part(ann)), actor=None, now=NOW)
    assert not TemporarySchedule.objects.exists()
