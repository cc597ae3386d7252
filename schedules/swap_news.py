"""Those who are asked to cover are told, and reminded while nobody has taken it. Never twice."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ContactMethod, User
from schedules import news_words, telling
from schedules.models import SwapDecline, SwapReminder, SwapRequest
from schedules.states import SwapState
from schedules.telling import News
from schedules.walltime import zone_of

AHEAD = tuple(
    timedelta(**span)
    for span in (
        {"weeks": 4}, {"weeks": 3}, {"weeks": 2}, {"weeks": 1},
        {"days": 3}, {"days": 2}, {"days": 1}, {"hours": 12},
    )
)  # fmt: skip
DAY_STARTS, DAY_ENDS = time(9), time(17)
MOST = 100
_SECOND = timedelta(seconds=1)
_MOST_SECONDS = 2_000_000_000
_FRESH = timedelta(hours=1)
_CLOSED = 0  # the "reminder" that says it was not taken


def tell(now: datetime) -> int:
    """Ask, remind, and say that nobody took it; return how many were told."""
    told = 0
    for swap, person, ahead, news in (*_reminders(now), *_closed(now)):
        if told >= MOST:
            break
        if _mark(swap, person, ahead, now):
            told += 1
            if not telling.tell(person, news):
                SwapReminder.objects.filter(swap=swap, user=person, ahead_seconds=ahead).delete()
    return told


def due(swap: SwapRequest, now: datetime) -> int | None:
    """Return how many seconds ahead of its start a request is told of now: once when it is made,
    then at each mark on the way; None where it has begun."""
    left = swap.starts_at - now
    if left <= timedelta():
        return None
    made = swap.starts_at - swap.created_at
    passed = [span for span in AHEAD if left <= span < made]
    return min(int(min([*passed, made]) / _SECOND), _MOST_SECONDS)


def in_working_hours(person: User, now: datetime) -> bool:
    """Whether it is a weekday between nine and five where the person is."""
    wall = now.astimezone(zone_of(person.time_zone))
    return wall.weekday() < 5 and DAY_STARTS <= wall.time() < DAY_ENDS


def eligible(swap: SwapRequest) -> QuerySet[User]:
    """Return who may take a request: the one who is asked, or the pageable members of the group
    who have not declined."""
    reachable = ContactMethod.objects.usable().values("user")
    people = User.objects.responders().filter(memberships__group=swap.schedule.group_id)
    people = people.filter(pk__in=reachable).exclude(pk=swap.user_id)
    declined = SwapDecline.objects.filter(swap=swap).values("user")
    if swap.offered_to_id is not None:
        people = people.filter(pk=swap.offered_to_id)
    return people.exclude(pk__in=declined).order_by("pk")


def _reminders(now: datetime) -> Iterator[tuple[SwapRequest, User, int, News]]:
    asked = SwapRequest.objects.filter(state=SwapState.OPEN, starts_at__gt=now)
    for swap in asked.select_related("schedule__group", "user").order_by("starts_at"):
        ahead = due(swap, now)
        if ahead is None:
            continue
        known = set(
            SwapReminder.objects.filter(swap=swap, ahead_seconds=ahead).values_list(
                "user", flat=True
            )
        )
        is_first = swap.starts_at - swap.created_at < timedelta(seconds=ahead + 1)
        for person in eligible(swap):
            if person.pk not in known and (is_first or in_working_hours(person, now)):
                yield swap, person, ahead, _asking(swap, person, ahead)


def _closed(now: datetime) -> Iterator[tuple[SwapRequest, User, int, News]]:
    """Whoever asked must know that it is still them."""
    closed = SwapRequest.objects.filter(
        state__in=[SwapState.PAST_DUE, SwapState.DECLINED], decided_at__gt=now - _FRESH
    ).exclude(reminders__ahead_seconds=_CLOSED)
    for swap in closed.select_related("schedule__group", "user"):
        if not swap.user.is_active:
            continue
        title = f"You stay on call: {swap.get_state_display().lower()}"
        yield swap, swap.user, _CLOSED, _news(swap, swap.user, title, _CLOSED)


def _mark(swap: SwapRequest, person: User, ahead: int, now: datetime) -> bool:
    with transaction.atomic():
        _, is_new = SwapReminder.objects.get_or_create(
            swap=swap, user=person, ahead_seconds=ahead, defaults={"at": now}
        )
    return is_new


def _asking(swap: SwapRequest, person: User, ahead: int) -> News:
    who = "you" if swap.offered_to_id else "somebody"
    return _news(swap, person, f"{swap.user} asks {who} to cover in {swap.schedule.group}", ahead)


def _news(swap: SwapRequest, person: User, title: str, ahead: int) -> News:
    zone = zone_of(person.time_zone)
    lines = [news_words.stretch(swap.starts_at, swap.ends_at, zone)]
    if swap.return_starts_at and swap.return_ends_at:
        given = news_words.stretch(swap.return_starts_at, swap.return_ends_at, zone)
        lines.append(f"In return for {given}")
    lines += [swap.note] if swap.note else []
    key = f"swap-{swap.pk}-{person.pk}-{ahead}"
    return News(title, lines, f"/swaps/{swap.pk}/", key)
