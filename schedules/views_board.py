"""Who is on call now, everywhere I may look; the list of schedules; pieces for other pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups.models import Group, Member
from schedules import actions, oncall, reach
from schedules.models import Schedule
from schedules.oncall import BoardEntry, MyShift
from schedules.resolver import Duty
from schedules.states import Role
from schedules.views_mine import waiting_for

PAGE_SIZE = 50
FEW = 8  # groups that need no search


@dataclass(frozen=True)
class Post:
    """One role of one group: who has it, why, until when, and who is next."""

    role: Role
    people: list[tuple[User, str]]
    until: datetime | None
    next: list[User]
    is_gap: bool
    """Nobody has it, although the schedule is to fill it."""


@dataclass(frozen=True)
class Row:
    """One group on the board."""

    group: Group
    entry: BoardEntry
    posts: list[Post]
    managers: list[User]

    @property
    def has_gap(self) -> bool:
        return any(post.is_gap for post in self.posts)

    @property
    def everybody(self) -> Iterable[User]:
        return [*[user for post in self.posts for user, _ in post.people], *self.managers]


@login_required
@require_safe
def on_call(request: HttpRequest) -> HttpResponse:
    """Show who is on call now in every group I may see, my own groups first."""
    user, now = person(request), clock.now()
    query = request.GET.get("q", "").strip()[:100]
    after = request.GET.get("after", "")
    found = _groups(user, query, after)
    board = rows(found[:PAGE_SIZE], now)
    reach.add(user, board)
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    context = {
        "now": now,
        "query": query,
        "after": after,
        "next": f"{int(last.is_mine)}-{last.pk}" if last else "",
        "may_search": len(found) > FEW or query or after,
        "rows": board,
        "gaps": sum(row.has_gap for row in board),
    }
    return render(request, "schedules/on_call.html", context)


@login_required
@require_safe
def schedule_list(request: HttpRequest) -> HttpResponse:
    """List the schedules of the groups I may see, with who they put on call now."""
    user, now = person(request), clock.now()
    schedules = Schedule.objects.visible_to(user).select_related("group")
    page = Paginator(schedules, PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page)
    by_group = {row.group.pk: row for row in rows([s.group for s in found if s.is_active], now)}
    context = {
        "now": now,
        "page": page,
        "schedules": [(s, by_group.get(s.group_id) if s.is_active else None) for s in found],
        "may_add": Group.objects.editable_by(user).active().exists(),
    }
    return render(request, "schedules/list.html", context)


@login_required
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """A piece for the start page: am I on call, and when next."""
    user, now = person(request), clock.now()
    groups = {group.pk: group for group in Group.objects.active().filter(members__user=user)}
    board = oncall.board(groups, now)
    running = [
        (groups[pk], role, change.start if change else None)
        for pk, entry in board.items()
        for role, change in entry.changes.items()
        if user.pk in (entry.now.primary if role == Role.PRIMARY else entry.now.secondary)
    ]
    coming = [shift for shift in oncall.my_shifts(user, now) if not shift.is_now]
    context = {
        "now": now,
        "running": running,
        "manages": [groups[pk] for pk, entry in board.items() if user.pk in entry.now.manager],
        "next": coming[0] if coming else None,
        "next_group": _group_of(coming[0], groups) if coming else None,
        "waiting": len(waiting_for(user, now)),
    }
    return render(request, "schedules/_me.html", context)


@login_required
@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """A piece for a group's page: who is on call in it and its schedules."""
    user, now = person(request), clock.now()
    found = get_object_or_404(Group.objects.visible_to(user), slug=slug)
    context = {
        "now": now,
        "row": rows([found], now)[0],
        "schedules": found.schedules.all(),
        "may_add": actions.may_edit(user, found),
    }
    return render(request, "schedules/_group.html", context)


def _groups(user: User, query: str, after: str) -> list[Any]:
    """Return one page of groups and one more, mine first, then by name, after the cursor."""
    mine = Member.objects.filter(group=OuterRef("pk"), user=user)
    groups = Group.objects.visible_to(user).active().annotate(is_mine=Exists(mine))
    if query:
        people = Member.objects.filter(group=OuterRef("pk"), user__name__icontains=query)
        groups = groups.filter(Q(name__icontains=query) | Exists(people))
    is_mine, _, number = after.partition("-")
    if number.isascii() and number.isdigit() and len(number) < 16:
        last = Group.objects.visible_to(user).filter(pk=number).first()
        if last is not None:
            further = Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk)
            theirs = Q(is_mine=False)
            groups = groups.filter(
                (further & ~theirs) | theirs if is_mine == "1" else further & theirs
            )
    return list(groups.order_by("-is_mine", "name", "pk")[: PAGE_SIZE + 1])


def rows(groups: list[Group], now: datetime) -> list[Row]:
    """Return the board for these groups, in their order, in two queries however many."""
    board = oncall.board([group.pk for group in groups], now)
    ids: set[int] = set()
    for entry in board.values():
        ids |= entry.now.people
        ids.update(d.user for change in entry.changes.values() if change for d in change.duties)
    users = User.objects.in_bulk(ids)
    return [
        Row(
            group,
            board[group.pk],
            posts(board[group.pk], users),
            [users[pk] for pk in board[group.pk].now.manager],
        )
        for group in groups
    ]


def posts(entry: BoardEntry, users: dict[int, User]) -> list[Post]:
    """Return Primary and Secondary of one group."""
    result = []
    for role, change in entry.changes.items():
        duties = [duty for duty in entry.now.duties if duty.role == role]
        people = [(users[duty.user], _why(entry, duty)) for duty in duties]
        following = [users[pk] for pk in change.people(role)] if change else []
        start = change.start if change else None
        result.append(Post(role, people, start, following, not people and _is_wanted(entry, role)))
    return result


def _is_wanted(entry: BoardEntry, role: Role) -> bool:
    """Whether somebody should have the role: the Primary always, else where a layer fills it."""
    return role == Role.PRIMARY or any(role in layer.roles for layer in entry.roster.plan.layers)


def _why(entry: BoardEntry, duty: Duty) -> str:
    """Say why, where there is more than one possible reason."""
    return oncall.why(entry.roster, duty.source) if entry.now.has_schedule else ""


def _group_of(mine: MyShift, groups: dict[int, Group]) -> Group:
    return groups.get(mine.group_id) or Group.objects.get(pk=mine.group_id)
