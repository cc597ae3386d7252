"""The list of groups and the six tabs of each. Reading needs to see the group, POST to edit it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import AuditEntry
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from groups import actions
from groups.forms import FlagsForm, GroupForm, MemberForm, TopicsForm, VisibilityForm
from groups.models import Group, Member

PER_PAGE = 50
TABS = (
    ("group", "Members", "users"),
    ("schedules", "Schedules", "calendar-days"),
    ("contact-methods", "Contact methods", "smartphone"),
    ("topics", "Topics", "tag"),
    ("permissions", "Permissions", "lock"),
    ("settings", "Settings and audit", "settings"),
)


@login_required
@require_safe
def group_list(request: HttpRequest) -> HttpResponse:
    """The groups I may see, mine marked."""
    user, wanted = person(request), request.GET.get("q", "").strip()[:100]
    groups = Group.objects.visible_to(user).order_by("name")
    if wanted:
        groups = groups.filter(
            Q(name__icontains=wanted) | Q(topics__name=wanted.lower())
        ).distinct()
    groups = groups.annotate(people=Count("members", distinct=True)).prefetch_related(
        "topics",
        Prefetch("members", Member.objects.filter(user=user), to_attr="mine"),
    )
    page = Paginator(groups, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "q": wanted, "may_add": user.has_perm("groups.add_group")}
    return render(request, "groups/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a group (admins)."""
    user, now = person(request), clock.now()
    if not user.has_perm("groups.add_group"):
        raise Http404
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        group = form.save(commit=False)
        if attempt(request, lambda: actions.save_group(group, actor=user, now=now), "Made."):
            return redirect("groups:group", group.slug)
    return render(request, "groups/add.html", {"form": form})


def visible(request: HttpRequest, slug: str, *, to_edit: bool = False) -> Group:
    """The group, or 404 for whoever may not see it (or, for changes, not edit it)."""
    user = person(request)
    groups = Group.objects.visible_to(user)
    if to_edit:
        groups = Group.objects.editable_by(user)
    return get_object_or_404(groups, slug=slug)


def show(request: HttpRequest, group: Group, tab: str, **context: Any) -> HttpResponse:
    """Render one tab."""
    shared = {
        "group": group,
        "tab": tab,
        "tabs": TABS,
        "may_edit": actions.may_edit(group, person(request)),
    }
    return render(request, f"groups/{tab.replace('-', '_')}.html", shared | context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Members in order with their check boxes; POST adds somebody."""
    now = clock.now()
    group = visible(request, slug, to_edit=request.method == "POST")
    form = MemberForm(request.POST or None, group=group)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        who = facts.pop("user")
        if attempt(
            request,
            lambda: actions.add_member(group, who, actor=person(request), now=now, **facts),
            f"{who} is a member now.",
        ):
            return redirect("groups:group", slug)
    rows = [
        {"member": member, "form": FlagsForm(initial=_flags(member), auto_id=f"{member.pk}_%s")}
        for member in group.members.select_related("user").order_by("sequence")
    ]
    return show(request, group, "group", rows=rows, form=form)


def _flags(member: Member) -> dict[str, bool]:
    return {name: getattr(member, name) for name in actions.FLAGS}


def _on_member(
    request: HttpRequest, slug: str, pk: int, work: Callable[[Member], Any], done: str
) -> HttpResponse:
    group = visible(request, slug, to_edit=True)
    found = get_object_or_404(Member.objects.select_related("user", "group"), pk=pk, group=group)
    attempt(request, lambda: work(found), done)
    return redirect("groups:group", slug)


@login_required
@require_POST
def change_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Set somebody's check boxes."""
    form, now, user = FlagsForm(request.POST), clock.now(), person(request)
    form.is_valid()  # check boxes cannot be wrong
    flags = form.cleaned_data
    return _on_member(
        request,
        slug,
        pk,
        lambda member: actions.change_member(member, actor=user, now=now, **flags),
        "Saved.",
    )


@login_required
@require_POST
def remove_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take somebody out."""
    now, user = clock.now(), person(request)
    return _on_member(
        request,
        slug,
        pk,
        lambda member: actions.remove_member(member, actor=user, now=now),
        "Removed.",
    )


@login_required
@require_POST
def move_member(request: HttpRequest, slug: str, pk: int, step: str) -> HttpResponse:
    """Move somebody one place up or down the order."""
    now, user = clock.now(), person(request)
    if step not in {"up", "down"}:
        raise Http404

    def move(member: Member) -> None:
        order = list(member.group.members.order_by("sequence").values_list("pk", flat=True))
        at = order.index(member.pk)
        to = at - 1 if step == "up" else at + 1
        if 0 <= to < len(order):
            order[at], order[to] = order[to], order[at]
            actions.reorder(member.group, order, actor=user, now=now)

    return _on_member(request, slug, pk, move, "")


@login_required
@require_safe
def schedules(request: HttpRequest, slug: str) -> HttpResponse:
    """The on-call calendar: pieces that schedules and escalation serve."""
    return show(request, visible(request, slug), "schedules")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def topics(request: HttpRequest, slug: str) -> HttpResponse:
    """The tags routes can name."""
    now = clock.now()
    group = visible(request, slug, to_edit=request.method == "POST")
    names = [topic.name for topic in group.topics.all()]
    form = TopicsForm(request.POST or None, initial={"topics": "\n".join(names)})
    if request.method == "POST" and form.is_valid():
        wanted = form.names()
        attempt(
            request,
            lambda: actions.set_topics(group, wanted, actor=person(request), now=now),
            "Saved.",
        )
        return redirect("groups:topics", slug)
    return show(request, group, "topics", form=form, names=names)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def permissions(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may see and who may edit the group."""
    return _group_form(request, slug, VisibilityForm, "permissions", _editors)


def _editors(group: Group) -> dict[str, Any]:
    return {"editors": group.members.filter(can_edit=True).select_related("user")}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Name and zone, and who changed what."""
    return _group_form(request, slug, GroupForm, "settings", _trail)


def _trail(group: Group) -> dict[str, Any]:
    about = AuditEntry.objects.filter(subject_type="groups.group", subject_id=group.pk)
    return {"trail": about[:PER_PAGE]}


def _group_form(
    request: HttpRequest, slug: str, form_class: Any, tab: str, extra: Callable[[Group], Any]
) -> HttpResponse:
    now = clock.now()
    group = visible(request, slug, to_edit=request.method == "POST")
    form = form_class(request.POST or None, instance=group)
    if request.method == "POST" and form.is_valid():
        if attempt(
            request,
            lambda: actions.save_group(group, actor=person(request), now=now),
            "Saved.",
        ):
            return redirect(f"groups:{tab}", slug)
    elif form.errors:
        group.refresh_from_db()
    return show(request, group, tab, form=form, **extra(group))
