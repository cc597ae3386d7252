"""People in the console. Writes go through `actions`; addresses are shown masked."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import Group as UnusedGroup
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import action, display

from accounts import actions, invitation, tokens
from accounts.admin_forms import ReachableForm, UserForm, masked, save_methods, state
from accounts.console import InUse, ReadOnlyAdmin
from accounts.models import ApiToken, AuditEntry, ContactMethod, NotificationRule, User
from accounts.roles import Role
from accounts.signed_in import person
from alertops import clock

admin.site.unregister(UnusedGroup)  # roles take its place

STATES = {"Verified": "success", "Not verified": "warning"}


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "role", "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Role.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(roles__contains=[self.value()]) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("usable", "Usable"), ("unverified", "Not verified"), ("off", "Switched off")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted: dict[str | None, dict[str, Any]] = {
            "usable": {"verified_at__isnull": False, "disabled_at__isnull": True},
            "unverified": {"verified_at__isnull": True},
            "off": {"disabled_at__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


class ContactMethodInline(TabularInline):
    model = ContactMethod
    form = ReachableForm
    extra = 0
    tab = True
    fields = ("kind", "shown", "new_address", "label", "state")
    readonly_fields = ("shown", "state")

    @admin.display(description="Now")
    def shown(self, method: ContactMethod) -> str:
        return masked(method)

    @display(description="State", label=STATES)  # type: ignore[untyped-decorator]
    def state(self, method: ContactMethod) -> str:
        return state(method)


class RuleInline(TabularInline):
    model = NotificationRule
    extra = 0
    tab = True
    fields = ("urgency", "contact_method", "delay_seconds", "position")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.person = obj
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only this person's own methods."""
        if db_field.name == "contact_method":
            kwargs["queryset"] = ContactMethod.objects.filter(user=self.person)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(InUse):
    form = UserForm
    inlines = (ContactMethodInline, RuleInline)
    list_display = ("name", "email", "role_names", "time_zone", "active", "last_login")
    list_filter = (RoleFilter, "is_active")
    search_fields = ("name", "email")
    ordering = ("name",)
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "time_zone", "is_active")}),
        ("Roles", {"fields": ("roles",)}),
        ("History", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = fieldsets[:2]
    actions_detail = ("password_link",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    @admin.display(description="Roles")
    def role_names(self, user: User) -> str:
        return ", ".join(str(Role(role).label) for role in user.roles)

    @admin.display(description="Active", boolean=True)
    def active(self, user: User) -> bool:
        return user.is_active

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        facts = {name: form.cleaned_data[name] for name in ("name", "time_zone", "roles")}
        email, now, actor = form.cleaned_data["email"], clock.now(), person(request)
        if change:
            saved = actions.change_user(
                obj, actor=actor, now=now, email=email, is_active=obj.is_active, **facts
            )
        else:
            saved = actions.invite(email=email, actor=actor, now=now, **facts)
            obj.pk, obj._state.adding = saved.pk, False
        obj.__dict__.update(saved.__dict__)
        if not change:
            self._invite(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is ContactMethod:
            save_methods(formset, form.instance, actions, person(request), clock.now())
        else:
            super().save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        actions.delete_user(obj, actor=person(request), now=clock.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One by one, so that each refusal can be read."""
        return obj is not None and bool(super().has_delete_permission(request, obj))

    @action(  # type: ignore[untyped-decorator]
        description="Link to set a password",
        url_path="password-link",
        permissions=["change"],  # whoever has the link is that person
    )
    def password_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        if user.is_owner and not person(request).is_owner:
            messages.error(request, "Only an Owner lets another Owner in.")
        elif request.method != "POST":  # what another site links to sends nothing
            return self._ask(request, f"Let {user} set a new password?", "Make the link")
        else:
            self._invite(request, user)
        return redirect("admin:accounts_user_change", object_id)

    def _ask(self, request: HttpRequest, question: str, button: str) -> HttpResponse:
        words = {"title": question, "button": button}
        context = {**self.admin_site.each_context(request), "opts": self.opts, **words}
        return render(request, "admin/ask.html", context)

    def _invite(self, request: HttpRequest, user: User) -> None:
        missing = invitation.send(user)
        if missing:
            text = "{} Give {} this link to set a password (good for three days): {}"
            messages.warning(request, format_html(text, missing, user, invitation.link(user)))
        else:
            messages.success(request, f"{user} was sent a link to set a password.")


@admin.register(ContactMethod)
class ContactMethodAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "shown", "label", "state", "created_at")
    list_filter = ("kind", StateFilter)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "label")
    fields = ("user", "kind", "shown", "label", "state", "verified_at", "created_at")
    readonly_fields = fields

    @admin.display(description="Address")
    def shown(self, method: ContactMethod) -> str:
        return masked(method)

    @display(description="State", label=STATES)  # type: ignore[untyped-decorator]
    def state(self, method: ContactMethod) -> str:
        return state(method)


@admin.register(NotificationRule)
class NotificationRuleAdmin(ReadOnlyAdmin):
    """To look at; rules are edited on the person's page."""

    list_display = ("user", "urgency", "contact_method", "delay_seconds")
    list_filter = ("urgency", "contact_method__kind")
    list_select_related = ("user", "contact_method")
    search_fields = ("user__name", "user__email")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """To look at and to revoke; people make their own."""

    list_display = ("name", "user", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__name", "user__email")
    fields = list_display
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            tokens.revoke(token, actor=person(request), now=clock.now())
        messages.success(request, "Revoked.")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "verb", "subject_name", "kind")
    list_filter = ("subject_type", "verb")
    search_fields = ("actor_name", "subject_name")
    date_hierarchy = "at"
    fields = ("at", "actor_name", "verb", "kind", "subject_id", "subject_name", "data")

    @admin.display(description="Kind of thing", ordering="subject_type")
    def kind(self, entry: AuditEntry) -> str:
        """What it was done to, in the words of the console."""
        try:
            return str(apps.get_model(entry.subject_type)._meta.verbose_name)
        except (LookupError, ValueError):  # of a version that knew another kind
            return entry.subject_type
