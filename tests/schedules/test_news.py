"""People hear of moved shifts, hand-offs and requests: quietly, in their own zone, never twice."""

from datetime import date, time, timedelta

import pytest
from django.core import mail

from accounts.models import User
from groups.models import GroupContactMethod
from schedules import actions, actions_swaps, news, swap_news, tasks
from schedules.models import (
    HandoffNotice,
    NoticeSettings,
    Override,
    Rotation,
    ShiftChange,
    SwapReminder,
    SwapRequest,
)
from tests import builders
from tests.schedules.rows import NOW, turns

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
HANDOFF = NOW + timedelta(days=4, hours=20)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _mail_leaves(frozen, settings) -> None:
    """The clock at NOW; mails end in Django's own outbox."""
    settings.OUTBOX_ONLY = False
    settings.EMAIL_HOST = "mail.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def rota(schedule, ann, ben, cleo) -> Rotation:
    for user in (ann, ben, cleo):
        builders.contact(user, "email", address=f"{user.name.lower()}@mail.example")
    return turns(schedule, ann, ben)


def taken() -> list[tuple[str, str]]:
    """Who was told what since the last look."""
    found = [(letter.to[0].partition("@")[0], letter.subject) for letter in mail.outbox]
    mail.outbox.clear()
    return sorted(found)


def override(rota: Rotation, user: User, hours: float = 24, **fields) -> Override:
    plain = {"role": "primary", "starts_at": NOW + hours * HOUR, "ends_at": NOW + 48 * HOUR}
    made = Override(schedule=rota.schedule, user=user, **(plain | fields))
    return actions.add_override(made, actor=None, now=NOW)


# Moved shifts


def test_people_are_told_once_when_an_edit_moved_their_own_shifts(rota, ann, cleo) -> None:
    ann.time_zone = "America/New_York"
    ann.save()
    override(rota, cleo)
    assert news.tell_changes(NOW) == 0  # it rests for a minute
    assert news.tell_changes(NOW + MINUTE) == 2
    letter = next(each for each in mail.outbox if each.to == ["ann@mail.example"])
    assert "Override: Cleo as Primary." in letter.body
    assert "No longer yours:\n  Primary, Thu 8 Jan 07:00 to Fri 9 Jan 07:00 (EST)" in letter.body
    assert taken() == [
        ("ann", "Your on-call shifts in Payments changed"),
        ("cleo", "Your on-call shifts in Payments changed"),
    ]
    assert news.tell_changes(NOW + 2 * MINUTE) == 0
    assert not ShiftChange.objects.filter(told_at=None).exists()


def test_what_was_taken_back_at_once_is_no_news(rota, cleo) -> None:
    made = override(rota, cleo)
    actions.end_override(made, actor=None, now=NOW)
    assert news.tell_changes(NOW + MINUTE) == 0
    assert taken() == []


def test_several_edits_are_one_message(rota, ann, ben, cleo) -> None:
    override(rota, cleo)
    override(rota, ben, hours=60, ends_at=NOW + 70 * HOUR)
    news.tell_changes(NOW + MINUTE)
    assert [who for who, _ in taken()] == ["ann", "ben", "cleo"]


def test_nobody_is_woken_for_it(rota, ann, cleo, twilio, settings) -> None:
    ann.contact_methods.all().delete()
    builders.contact(ann, "sms")
    ann.email = "ann@account.example"
    ann.save()
    override(rota, cleo)
    news.tell_changes(NOW + MINUTE)
    assert {letter.to[0] for letter in mail.outbox} == {
        "cleo@mail.example",
        "ann@account.example",
    }


def test_what_could_not_leave_is_tried_again(rota, cleo, settings) -> None:
    override(rota, cleo)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    news.tell_changes(NOW + MINUTE)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert news.tell_changes(NOW + 2 * MINUTE) == 2
    assert len(taken()) == 2


# Hand-offs


def notices(rota: Rotation, **fields) -> NoticeSettings:
    made = NoticeSettings(schedule=rota.schedule, **fields)
    return actions.save_notices(made, actor=None, now=NOW)


def run(at) -> list[tuple[str, str]]:
    news.note_handoffs(at)
    news.tell_handoffs(at)
    return taken()


def test_nobody_is_told_of_handoffs_unless_it_is_wanted(rota) -> None:
    assert run(HANDOFF) == []


def test_each_is_told_once_that_theirs_comes_starts_and_ends(rota) -> None:
    notices(rota, starts=True, ends=True, next=True, ahead_seconds=24 * 3600)
    assert run(HANDOFF - 25 * HOUR) == []
    told = []
    for minutes in range(-24 * 60, 20, 5):
        told += run(HANDOFF + minutes * MINUTE)
    assert told == [
        ("ben", "Your shift comes next: Primary, Payments"),
        ("ann", "Your shift ends: Primary, Payments"),
        ("ben", "Your shift starts: Primary, Payments"),
    ]
    assert HandoffNotice.objects.count() == 3


def test_a_handoff_that_was_missed_by_long_is_no_news(rota) -> None:
    notices(rota, starts=True, ends=True)
    assert run(HANDOFF + 20 * MINUTE) == []


def test_the_group_is_told_too_where_that_is_wanted(rota, group) -> None:
    GroupContactMethod.objects.create(
        group=group, kind="email", address="team@mail.example", verified_at=NOW
    )
    notices(rota, starts=True, to_group=True)
    assert run(HANDOFF + MINUTE) == [
        ("ben", "Your shift starts: Primary, Payments"),
        ("team", "Payments: Ben is Primary"),
    ]
    assert run(HANDOFF + 2 * MINUTE) == []


def test_the_number_of_queries_does_not_grow_with_schedules_nobody_wants_notices_of(
    rota, django_assert_num_queries
) -> None:
    with django_assert_num_queries(1):
        news.note_handoffs(HANDOFF)


# Requests


def asked(rota: Rotation, user: User, ahead: timedelta, **fields) -> SwapRequest:
    rota.schedule.rotations.exclude(pk=rota.pk).delete()
    turns(rota.schedule, user, rank=9, unit="day", starts_on=date(2026, 1, 1), handoff_at=time(0))
    plain = {"starts_at": NOW + ahead, "ends_at": NOW + ahead + DAY}
    swap = SwapRequest(schedule=rota.schedule, user=user, **(plain | fields))
    actions_swaps.request(swap, actor=user, now=NOW)
    SwapRequest.objects.update(created_at=NOW)
    return swap


def test_those_who_may_take_it_are_asked_at_once_and_reminded_at_each_mark(
    rota, ann, ben, cleo
) -> None:
    swap = asked(rota, ann, timedelta(days=8), offered_to=ben)
    told = {}
    for hours in range(8 * 24 + 5):
        if swap_news.tell(NOW + hours * HOUR):
            told[hours] = taken()
    assert list(told) == [0, 24, 5 * 24, 6 * 24, 7 * 24, 7 * 24 + 21]  # not at midnight: at nine
    marks = sorted(SwapReminder.objects.values_list("ahead_seconds", flat=True), reverse=True)
    days = [round(seconds / 86400, 1) for seconds in marks]
    assert days == [8, 7, 3, 2, 1, 0.5]
    assert told[0] == [("ben", "Ann asks you to cover in Payments")]
    assert all(who == [("ben", "Ann asks you to cover in Payments")] for who in told.values())
    assert swap.state == "open"


def test_reminders_come_on_weekdays_between_nine_and_five_where_the_person_is(ben) -> None:
    ben.time_zone = "Asia/Tokyo"
    wednesday = NOW.replace(hour=0)  # nine in the morning there
    assert swap_news.in_working_hours(ben, wednesday)
    assert not swap_news.in_working_hours(ben, wednesday - MINUTE)
    assert not swap_news.in_working_hours(ben, wednesday + 8 * HOUR)
    assert not swap_news.in_working_hours(ben, wednesday + 3 * DAY)


def test_a_request_to_all_is_not_told_to_who_declined_cannot_be_reached_or_asked_himself(
    rota, ann, ben, cleo, stranger
) -> None:
    swap = asked(rota, ann, timedelta(days=8))
    assert {user.name for user in swap_news.eligible(swap)} == {"Ben", "Cleo"}
    actions_swaps.decline(swap.pk, actor=ben, now=NOW)
    cleo.contact_methods.all().delete()
    assert not swap_news.eligible(swap).exists()
    assert swap_news.tell(NOW) == 0


def test_what_is_taken_is_asked_no_more(rota, ann, ben, cleo) -> None:
    swap = asked(rota, ann, timedelta(days=8))
    actions_swaps.take(swap.pk, actor=ben, now=NOW)
    assert swap_news.tell(NOW) == 0


def test_whoever_asked_in_vain_is_told_that_it_is_still_them(rota, ann, ben) -> None:
    swap = asked(rota, ann, timedelta(hours=6), offered_to=ben)
    swap_news.tell(NOW)
    taken()
    start = swap.starts_at
    actions_swaps.expire(start)
    assert [swap_news.tell(start), swap_news.tell(start + MINUTE)] == [1, 0]
    assert taken() == [("ann", "You stay on call: nobody took it")]


def test_the_task_does_all_of_it(rota, ann, ben, cleo, clock_at) -> None:
    notices(rota, next=True, ahead_seconds=6 * 24 * 3600)
    asked(rota, ann, timedelta(hours=6), offered_to=ben)
    override(rota, cleo)
    clock_at(NOW + MINUTE)
    assert tasks.tell_of_shifts() >= 4
    clock_at(NOW + 7 * HOUR)
    tasks.tell_of_shifts()
    assert SwapRequest.objects.get().state == "past_due"
