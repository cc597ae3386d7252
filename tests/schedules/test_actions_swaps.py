"""Asking others to cover: one taker of everything, and until then nobody is off the hook."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.errors import NotAllowed
from accounts.models import User
from schedules import actions, actions_swaps, oncall
from schedules.models import Override, Rotation, Schedule, ShiftChange, SwapRequest
from schedules.states import SwapState
from tests import builders
from tests.schedules.rows import NOW, calendar, turns

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
HANDOFF = NOW + timedelta(days=4, hours=20)


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


@pytest.fixture
def rota(schedule, ann, ben, cleo) -> Rotation:
    for user in (ann, ben, cleo):
        builders.contact(user, "email")
    return turns(schedule, ann, ben)


def ask(rota: Rotation, user: User, *, actor: User | None = None, **fields) -> SwapRequest:
    plain = {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
    swap = SwapRequest(schedule=rota.schedule, user=user, **(plain | fields))
    return actions_swaps.request(swap, actor=actor or user, now=NOW)


def primary(rota: Rotation, at) -> tuple[int, ...]:
    group = rota.schedule.group_id
    return oncall.on_call([group], at)[group].primary


def test_until_somebody_takes_it_the_person_stays_on_call(rota, ann, cleo) -> None:
    swap = ask(rota, ann)
    assert primary(rota, NOW + 1.5 * DAY) == (ann.pk,)
    taken = actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    assert (taken.state, taken.taken_by, taken.decided_at) == (SwapState.TAKEN, cleo, NOW)
    assert primary(rota, NOW + 1.5 * DAY) == (cleo.pk,)
    assert primary(rota, NOW + 3 * DAY) == (ann.pk,)


def test_an_exchange_gives_shifts_in_return(rota, ann, ben) -> None:
    back = {"return_starts_at": HANDOFF + DAY, "return_ends_at": HANDOFF + 2 * DAY}
    swap = ask(rota, ann, offered_to=ben, **back)
    actions_swaps.take(swap.pk, actor=ben, now=NOW)
    assert primary(rota, NOW + 1.5 * DAY) == (ben.pk,)
    assert primary(rota, HANDOFF + HOUR) == (ben.pk,)
    assert primary(rota, HANDOFF + 1.5 * DAY) == (ann.pk,)


def test_all_roles_in_the_time_go_along(rota, ann, ben, cleo) -> None:
    turns(rota.schedule, ben, ann, fills="secondary")
    swap = ask(rota, ann, ends_at=HANDOFF + DAY)
    actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    group = rota.schedule.group_id
    for at, roles in ((NOW + 2 * DAY, ["primary"]), (HANDOFF + HOUR, ["secondary"])):
        answer = oncall.on_call([group], at)[group]
        assert [role for role in ("primary", "secondary") if cleo.pk in getattr(answer, role)] == (
            roles
        )


def test_the_one_who_asked_hears_that_it_was_taken(rota, ann, cleo) -> None:
    swap = ask(rota, ann)
    actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    change = ShiftChange.objects.get()
    assert (change.user, change.what) == (ann, "Cleo has taken over from Ann")
    assert change.lost == [["primary", (NOW + DAY).isoformat(), (NOW + 2 * DAY).isoformat()]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at": NOW + DAY}, "The end must be after the start."),
        ({"starts_at": NOW - HOUR}, "A request must begin in the future; for now make an"),
        ({"starts_at": HANDOFF, "ends_at": HANDOFF + DAY}, "Ann has no shift in that time."),
        (
            {"return_starts_at": NOW + 3 * DAY},
            "Say from when to when is given in return, or leave both empty.",
        ),
        (
            {"return_starts_at": NOW + 3 * DAY, "return_ends_at": NOW + 3 * DAY},
            "What is given in return must end after it starts.",
        ),
        (
            {"return_starts_at": NOW - DAY, "return_ends_at": NOW + DAY},
            "What is given in return must begin in the future.",
        ),
        (
            {"starts_at": NOW + DAY, "ends_at": NOW + timedelta(days=365 * 300)},
            "A request must lie between 2000 and 2199.",
        ),
    ],
)
def test_a_senseless_request_is_refused_in_one_sentence(rota, ann, fields, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        ask(rota, ann, **fields)
    assert len(refused.value.messages) == 1
    assert refused.value.messages[0].startswith(sentence)
    assert not SwapRequest.objects.exists()


def test_who_can_be_asked_is_said(rota, ann, ben, stranger) -> None:
    later = {"return_starts_at": NOW + 2 * DAY, "return_ends_at": NOW + 3 * DAY}
    for fields, sentence in (
        ({"offered_to": stranger}, "Mallory is not a member of Payments"),
        ({"offered_to": ann}, "Nobody can cover for themselves."),
        ({"offered_to": ben, **later}, "Ben has no shift in that time."),
    ):
        with pytest.raises(ValidationError) as refused:
            ask(rota, ann, **fields)
        assert refused.value.messages[0].startswith(sentence)
    ben.contact_methods.all().delete()
    with pytest.raises(ValidationError, match="Ben has no verified contact method"):
        ask(rota, ann, offered_to=ben)


def test_only_editors_ask_for_others_and_only_once_for_the_same_time(rota, ann, ben, admin) -> None:
    with pytest.raises(NotAllowed, match="Only those who may edit Payments can ask"):
        ask(rota, ann, actor=ben)
    ask(rota, ann, actor=admin)
    with pytest.raises(ValidationError, match="There is an open request for this time already"):
        ask(rota, ann, starts_at=NOW + 1.5 * DAY, ends_at=NOW + 3 * DAY)


def test_nobody_asks_by_a_schedule_that_is_switched_off(group, ann, ben) -> None:
    draft = turns(calendar(group, is_active=False, name="Draft"), ann)
    with pytest.raises(NotAllowed, match="This schedule is not active"):
        ask(draft, ann)


def test_who_may_take_it(rota, ann, ben, cleo, stranger) -> None:
    mine = ask(rota, ann, offered_to=ben)
    for actor, sentence in (
        (ann, "Nobody can cover for themselves."),
        (cleo, "This request is for Ben."),
    ):
        with pytest.raises(NotAllowed, match=sentence):
            actions_swaps.take(mine.pk, actor=actor, now=NOW)
    actions_swaps.cancel(mine.pk, actor=ann, now=NOW)
    open_to_all = ask(rota, ann)
    with pytest.raises(ValidationError, match="Mallory is not a member"):
        actions_swaps.take(open_to_all.pk, actor=stranger, now=NOW)
    cleo.contact_methods.all().delete()
    with pytest.raises(ValidationError, match="Cleo has no verified contact method"):
        actions_swaps.take(open_to_all.pk, actor=cleo, now=NOW)
    assert not Override.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_has_it(rota, ann, ben, cleo) -> None:
    swap = ask(rota, ann)
    gate, refused = threading.Barrier(2), []

    def press(user: User) -> None:
        gate.wait()
        try:
            actions_swaps.take(swap.pk, actor=user, now=NOW)
        except NotAllowed as refusal:
            refused.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[user]) for user in (ben, cleo)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    swap.refresh_from_db()
    assert refused == [f"{swap.taken_by} has taken it over already."]
    assert [o.user for o in Override.objects.all()] == [swap.taken_by]


def test_pressing_twice_is_taking_once(rota, ann, cleo) -> None:
    swap = ask(rota, ann)
    for _ in range(2):
        actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    assert Override.objects.count() == 1


def test_one_who_is_asked_alone_closes_it_with_a_no_one_of_many_does_not(
    rota, ann, ben, cleo, stranger
) -> None:
    many = ask(rota, ann)
    assert actions_swaps.decline(many.pk, actor=ben, now=NOW).state == SwapState.OPEN
    with pytest.raises(NotAllowed, match="Only those who are asked"):
        actions_swaps.decline(many.pk, actor=stranger, now=NOW)
    actions_swaps.take(many.pk, actor=cleo, now=NOW)
    one = ask(rota, ann, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY, offered_to=ben)
    with pytest.raises(NotAllowed, match="This request is for Ben"):
        actions_swaps.decline(one.pk, actor=cleo, now=NOW)
    assert actions_swaps.decline(one.pk, actor=ben, now=NOW).state == SwapState.DECLINED
    with pytest.raises(NotAllowed, match="This request is closed: declined"):
        actions_swaps.take(one.pk, actor=ben, now=NOW)


def test_what_nobody_took_is_closed_and_its_person_stays_on_call(rota, ann, cleo) -> None:
    swap = ask(rota, ann)
    start = swap.starts_at
    with pytest.raises(NotAllowed, match="It has begun; Ann stays on call"):
        actions_swaps.take(swap.pk, actor=cleo, now=start)
    assert actions_swaps.expire(start - HOUR) == 0
    assert actions_swaps.expire(start) == 1
    swap.refresh_from_db()
    assert (swap.state, swap.decided_at) == (SwapState.PAST_DUE, start)
    assert primary(rota, start) == (ann.pk,)


def test_cancelling_undoes_what_is_still_to_come_and_keeps_what_was(
    rota, ann, cleo, clock_at
) -> None:
    swap = ask(rota, ann)
    actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    half = clock_at(NOW + 1.5 * DAY)
    with pytest.raises(NotAllowed, match="Only Ann, or those who may edit Payments"):
        actions_swaps.cancel(swap.pk, actor=cleo, now=half)
    actions_swaps.cancel(swap.pk, actor=ann, now=half)
    assert primary(rota, half - HOUR) == (cleo.pk,)
    assert primary(rota, half) == (ann.pk,)
    assert {c.user for c in ShiftChange.objects.filter(made_at=half)} == {cleo}
    over = clock_at(NOW + 5 * DAY)
    assert actions_swaps.cancel(swap.pk, actor=ann, now=over).state == SwapState.CANCELLED


def test_a_swap_that_is_over_stays(rota, ann, cleo, clock_at) -> None:
    swap = ask(rota, ann)
    actions_swaps.take(swap.pk, actor=cleo, now=NOW)
    with pytest.raises(NotAllowed, match="This swap is over"):
        actions_swaps.cancel(swap.pk, actor=ann, now=clock_at(NOW + 3 * DAY))


def test_an_override_that_comes_from_a_swap_is_not_taken_back_by_itself(rota, ann, cleo) -> None:
    actions_swaps.take(ask(rota, ann).pk, actor=cleo, now=NOW)
    made = Override.objects.get()
    with pytest.raises(NotAllowed, match="cancel the request instead"):
        actions.end_override(made, actor=cleo, now=NOW)


def test_requests_are_seen_by_those_who_see_the_group(rota, ann, cleo, stranger) -> None:
    swap = ask(rota, ann)
    assert list(actions_swaps.visible_to(cleo)) == [swap]
    assert not actions_swaps.visible_to(stranger).exists()
    assert Schedule.objects.exists()
