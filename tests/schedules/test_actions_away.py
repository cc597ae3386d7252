"""Time off: who covers, who may say no, and no cover that comes back to whoever is away."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import NotAllowed
from accounts.models import User
from schedules import actions_away, oncall
from schedules.models import Rotation, ShiftChange, TimeOff
from schedules.states import Answer
from tests.schedules.rows import NOW, calendar, join, team, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


@pytest.fixture
def rota(schedule, ann, ben) -> Rotation:
    return turns(schedule, ann, ben)


def away(user: User, cover: User | None = None, *, actor: User | None = None, **fields) -> TimeOff:
    plain = {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY, "covered_by": cover}
    made = TimeOff(user=user, **(plain | fields))
    return actions_away.add_time_off(made, actor=actor or user, now=NOW)


def primary(rota: Rotation, at=NOW + 1.5 * DAY) -> tuple[int, ...]:
    group = rota.schedule.group_id
    return oncall.on_call([group], at)[group].primary


def test_whoever_covers_takes_over_unless_they_decline(rota, ann, cleo) -> None:
    off = away(ann, cleo)
    assert (off.answer, primary(rota)) == (Answer.ASKED, (cleo.pk,))
    with pytest.raises(NotAllowed, match="Only whoever is to cover can answer"):
        actions_away.answer_time_off(off, False, actor=ann, now=NOW)
    actions_away.answer_time_off(off, True, actor=cleo, now=NOW)
    actions_away.answer_time_off(off, True, actor=cleo, now=NOW)
    declined = actions_away.answer_time_off(off, False, actor=cleo, now=NOW)
    assert (declined.answer, declined.answered_at) == (Answer.DECLINED, NOW)
    assert primary(rota) == (ann.pk,)
    with pytest.raises(NotAllowed, match="You have declined; Ann must ask you again"):
        actions_away.answer_time_off(off, True, actor=cleo, now=NOW)


def test_the_coverer_hears_of_it_and_the_owner_of_a_no(rota, ann, cleo) -> None:
    off = away(ann, cleo)
    asked = ShiftChange.objects.get()
    assert (asked.user, asked.what) == (cleo, "Ann is away; Cleo covers")
    actions_away.answer_time_off(off, False, actor=cleo, now=NOW)
    back = ShiftChange.objects.exclude(pk=asked.pk).get()
    assert (back.user, back.what) == (ann, "Cleo declined to cover for Ann")


def test_covering_by_ones_own_hand_is_a_yes(rota, group, ann, cleo) -> None:
    group.members.filter(user=cleo).update(can_edit=True)
    assert away(ann, cleo, group=group, actor=cleo).answer == Answer.ACCEPTED


def test_who_may_enter_it(rota, group, ann, ben, admin) -> None:
    with pytest.raises(NotAllowed, match="Only an administrator may say that others are away"):
        away(ann, actor=ben)
    with pytest.raises(NotAllowed, match="Only those who may edit Payments can do this"):
        away(ann, actor=ben, group=group)
    assert away(ann, actor=admin).created_by == admin


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at": NOW + DAY}, "The end must be after the start."),
        ({"ends_at": NOW}, "This time has passed; the end must be in the future."),
        ({"ends_at": NOW + timedelta(days=365 * 300)}, "Time off must lie between 2000 and 2199."),
    ],
)
def test_senseless_time_off_is_refused_in_one_sentence(rota, ann, fields, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        away(ann, **fields)
    assert refused.value.messages == [sentence]
    assert not TimeOff.objects.exists()


def test_who_can_cover_is_said(rota, ann, stranger) -> None:
    with pytest.raises(ValidationError, match="Nobody can cover for themselves"):
        away(ann, ann)
    with pytest.raises(ValidationError, match="Mallory is not a member of Payments"):
        away(ann, stranger)


def test_a_cover_for_all_groups_must_be_in_those_where_turns_are_taken(rota, ann, cleo) -> None:
    other = team(ann, name="Other")
    away(ann, cleo)
    turns(calendar(other), ann)
    with pytest.raises(ValidationError, match="Cleo is not a member of Other"):
        away(ann, cleo, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY)
    join(other, cleo)
    away(ann, cleo, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY)


def test_a_cover_that_comes_back_is_refused(rota, ann, ben, cleo) -> None:
    away(ben, cleo)
    away(cleo, ann)
    with pytest.raises(ValidationError) as refused:
        away(ann, ben)
    assert refused.value.messages == [
        "Ben is away then, too, and is covered by Ann in the end; nobody would be left."
    ]
    away(ann, ben, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY)


def test_two_at_a_time_are_refused_by_the_action_and_by_the_database(rota, ann, group) -> None:
    away(ann)
    with pytest.raises(ValidationError, match="There is time off for this time already"):
        away(ann, starts_at=NOW + 1.5 * DAY, ends_at=NOW + 3 * DAY)
    away(ann, group=group)  # for one group: stronger, and no contradiction
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeOff.objects.create(user=ann, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)


def test_what_has_begun_keeps_its_beginning_and_more_time_is_asked_anew(
    rota, ann, cleo, clock_at
) -> None:
    off = away(ann, cleo)
    actions_away.answer_time_off(off, True, actor=cleo, now=NOW)
    off.refresh_from_db()
    later = clock_at(NOW + 1.5 * DAY)
    off.starts_at, off.ends_at = later + HOUR, NOW + 3 * DAY
    changed = actions_away.change_time_off(off, actor=ann, now=later)
    assert (changed.starts_at, changed.answer) == (NOW + DAY, Answer.ASKED)
    changed.group = rota.schedule.group
    with pytest.raises(NotAllowed, match="only its end and its cover"):
        actions_away.change_time_off(changed, actor=ann, now=later)


def test_coming_back_early_ends_it_now_and_what_is_over_stays(rota, ann, cleo, clock_at) -> None:
    off = away(ann, cleo)
    later = clock_at(NOW + 1.5 * DAY)
    actions_away.end_time_off(off, actor=ann, now=later)
    off.refresh_from_db()
    assert off.ends_at == later
    assert (primary(rota, later - HOUR), primary(rota, later)) == ((cleo.pk,), (ann.pk,))
    with pytest.raises(NotAllowed, match="This time off is over"):
        actions_away.end_time_off(off, actor=ann, now=later + HOUR)
    future = away(ann, cleo, starts_at=NOW + 5 * DAY, ends_at=NOW + 6 * DAY)
    actions_away.end_time_off(future, actor=ann, now=later)
    assert list(TimeOff.objects.all()) == [off]


def test_who_sees_it(rota, ann, cleo, stranger) -> None:
    off = away(ann, cleo)
    assert list(actions_away.visible_to(cleo)) == [off]
    assert not actions_away.visible_to(stranger).exists()
