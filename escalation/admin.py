"""Policies in the console, each with its preview; what the engine owns can only be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.admin import StackedInline

from accounts import audit
from accounts.console import ConsoleAdmin
from accounts.signed_in import person
from alertops import clock, durations
from escalation import actions, admin_engine, outlook, preview
from escalation.admin_forms import LevelForm, LevelFormSet, PolicyForm, sequence_words
from escalation.models import GroupPolicy, Level, Policy
from escalation.plan import ChannelStep, PolicyPlan
from escalation.policies import DEFAULT, as_plan
from escalation.states import NotificationType, Target
from escalation.usage import usage_words, with_usage
from groups.models import Group

__all__ = ["admin_engine"]

_TYPES = {NotificationType.POLICY: "Policy's channels", NotificationType.USER: "Own rules"}


class LevelInline(StackedInline):
    model = Level
    form = LevelForm
    formset = LevelFormSet
    extra = 0
    autocomplete_fields = ("user", "group")
    fields = (
        ("position", "target"),
        ("user", "group"),
        ("wait_seconds", "times_to_notify", "interval_seconds", "member_wait_seconds"),
        "sequence",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Level]:
        levels: QuerySet[Level] = super().get_queryset(request)
        return levels.prefetch_related("channels")

    def get_min_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    @admin.display(description="Own channels")
    def sequence(self, level: Level) -> str:
        """For those who may only look."""
        return sequence_words(ChannelStep(c.kind, c.delay_seconds) for c in level.channels.all())


@admin.register(Policy)
class PolicyAdmin(ConsoleAdmin):
    form = PolicyForm
    inlines = (LevelInline,)
    compressed_fields = False  # a level's fields stand side by side, labels above
    list_display = ("name", "levels_in_words", "kind", "repeat_rounds", "used_by")
    list_filter = ("notification_type",)
    search_fields = ("name", "description")
    ordering = ("name",)
    readonly_fields = ("preview", "used_by")
    fieldsets = (
        (None, {"fields": ("name", "description", "notification_type")}),
        (
            "When nobody answers",
            {"fields": (("repeat_rounds", "acknowledgement_timeout_seconds"),)},
        ),
        (
            "What it does",
            {
                "fields": ("preview", "used_by"),
                "description": "As saved. An escalation that has begun keeps the policy as it "
                "was then; alerts to come use this one.",
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        policies = with_usage(super().get_queryset(request))
        return policies.prefetch_related("levels__channels", "levels__user", "levels__group")

    @admin.display(description="Levels")
    def levels_in_words(self, policy: Policy) -> str:
        """ "Primary → 5 min → Secondary → 10 min → Manager"."""
        levels = sorted(policy.levels.all(), key=lambda level: level.position)
        words: list[str] = []
        for level in levels:
            words += [_aim(level), durations.words(_lasts(level))]
        return " → ".join(words[:-1]) or "None: the default policy is used instead"

    @admin.display(description="Whose channels", ordering="notification_type")
    def kind(self, policy: Policy) -> str:
        return _TYPES[NotificationType(policy.notification_type)]

    @admin.display(description="Used by", empty_value="Nobody")
    def used_by(self, policy: Policy) -> str:
        return usage_words(policy) or "Nobody"

    @admin.display(description="Preview")
    def preview(self, policy: Policy) -> str:
        plan = as_plan(policy)
        return _outline(preview.outline(plan, outlook.names([plan])), plan)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        verb = "changed the policy" if change else "added the policy"
        audit.record(verb, form.instance, actor=person(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Policy) -> None:
        actions.delete_policy(obj, actor=person(request), now=clock.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One by one, so that each refusal can be read."""
        return obj is not None and bool(super().has_delete_permission(request, obj))


def _aim(level: Level) -> str:
    if level.target == Target.USER:
        return str(level.user)
    return str(level.group) if level.target == Target.GROUP else level.get_target_display()


def _lasts(level: Level) -> int:
    return (level.times_to_notify - 1) * level.interval_seconds + level.wait_seconds


def _outline(rows: list[preview.Row], plan: PolicyPlan) -> str:
    return render_to_string("escalation/_outline.html", {"rows": rows, "policy": plan})


def _for_group(group: Group, policy: Policy | None) -> str:
    """Whom the policy would page if an alert came in now."""
    plan = as_plan(policy) if policy else DEFAULT
    now = clock.now()
    rows = outlook.chain(plan, group.pk, "high", now).rows(now, outlook.FIRST, most=60)
    return _outline(rows, plan)


@admin.register(GroupPolicy)
class GroupPolicyAdmin(ConsoleAdmin):
    list_display = ("group", "policy")
    list_filter = ("policy",)
    list_select_related = ("group", "policy")
    search_fields = ("group__name", "policy__name")
    ordering = ("group__name",)
    autocomplete_fields = ("group", "policy")
    readonly_fields = ("preview",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("group", "policy", "preview") if obj else ("group", "policy")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("group", "preview") if obj else ("preview",)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kwargs["error_messages"] = {"group": {"unique": "This group has a policy already."}}
        return super().get_form(request, obj, **kwargs)

    @admin.display(description="If an alert came in now")
    def preview(self, link: GroupPolicy) -> str:
        return _for_group(link.group, link.policy)

    def save_model(self, request: HttpRequest, obj: GroupPolicy, form: Any, change: bool) -> None:
        actions.choose_policy(obj.group, obj.policy, actor=person(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: GroupPolicy) -> None:
        actions.choose_policy(obj.group, None, actor=person(request), now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GroupPolicy]) -> None:
        for link in queryset.select_related("group"):
            self.delete_model(request, link)


class GroupPolicyInline(StackedInline):
    """The group's policy on the group's own page."""

    model = GroupPolicy
    extra = 1
    tab = True
    verbose_name = verbose_name_plural = "policy"
    autocomplete_fields = ("policy",)
    readonly_fields = ("preview",)
    fields = ("policy", "preview")

    @admin.display(description="If an alert came in now")
    def preview(self, link: GroupPolicy) -> str:
        if not link.group_id:
            return "No policy chosen: Primary, after 5 min Secondary, after 10 min more Manager."
        return _for_group(link.group, link.policy if link.policy_id else None)


# Groups know no policies; the tab is put on their page from here.
if admin.site.is_registered(Group):
    _groups: Any = admin.site.get_model_admin(Group)
    _groups.inlines = (*_groups.inlines, GroupPolicyInline)
