"""Groups in the console: members with their check boxes and order, contact methods, topics."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts import audit
from accounts.admin_forms import ReachableForm, masked, save_methods, state
from accounts.console import InUse
from accounts.signed_in import person
from alertops import clock
from groups import actions
from groups.models import Group, GroupContactMethod, Member, Topic


class MemberForm(forms.ModelForm):
    """The order may be left empty: a new member comes last."""

    class Meta:
        model = Member
        fields = ["user", "sequence", "is_primary", "is_secondary", "is_manager", "can_edit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sequence"].required = False

    def clean_sequence(self) -> int:
        sequence: int | None = self.cleaned_data["sequence"]
        return actions.LAST if sequence is None else min(sequence, actions.LAST)


class MemberInline(TabularInline):
    model = Member
    form = MemberForm
    extra = 0
    tab = True
    autocomplete_fields = ("user",)
    ordering = ("sequence",)
    fields = ("sequence", "user", "is_primary", "is_secondary", "is_manager", "can_edit")


class ContactMethodInline(TabularInline):
    model = GroupContactMethod
    form = ReachableForm
    extra = 0
    tab = True
    verbose_name_plural = "contact methods"
    fields = ("kind", "shown", "new_address", "label", "state")
    readonly_fields = ("shown", "state")

    @admin.display(description="Now")
    def shown(self, method: GroupContactMethod) -> str:
        return masked(method)

    @display(description="State", label={"Verified": "success", "Not verified": "warning"})  # type: ignore[untyped-decorator]
    def state(self, method: GroupContactMethod) -> str:
        return state(method)


class TopicInline(TabularInline):
    model = Topic
    extra = 0
    tab = True


@admin.register(Group)
class GroupAdmin(InUse):
    inlines = (MemberInline, ContactMethodInline, TopicInline)
    list_display = ("name", "people", "visibility", "time_zone", "is_active")
    list_filter = ("is_active", "visibility")
    search_fields = ("name", "slug", "topics__name")
    ordering = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "description", "time_zone", "is_active")}),
        ("Permissions", {"fields": ("visibility",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(people_count=Count("members"))

    @admin.display(description="Members", ordering="people_count")
    def people(self, group: Any) -> int:
        return int(group.people_count)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug stands in addresses: it does not follow later changes of the name."""
        return {} if obj else self.prepopulated_fields

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        actions.save_group(obj, actor=person(request), now=clock.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is GroupContactMethod:
            save_methods(formset, form.instance, actions, person(request), clock.now())
            return
        if formset.model is Member and formset.has_changed():
            actions.announce(form.instance, now=clock.now())
        super().save_formset(request, form, formset, change)
        if formset.model is Member and formset.has_changed():
            actions.close_ranks(form.instance)
        if formset.has_changed():
            noun = str(formset.model._meta.verbose_name_plural)
            audit.record(
                f"changed the {noun} of", form.instance, actor=person(request), now=clock.now()
            )

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        actions.delete_group(obj, actor=person(request), now=clock.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One by one, so that each refusal can be read."""
        return obj is not None and bool(super().has_delete_permission(request, obj))
