"""The forms of the console's pages about people."""

from datetime import datetime
from typing import Any, Protocol

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.channels import CHANNELS
from accounts.models import Reachable, User
from accounts.roles import Role


class UserForm(forms.ModelForm):
    roles = forms.MultipleChoiceField(
        choices=Role.choices,
        initial=[Role.BASIC],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the person may do everywhere; several add up. Being on call does not "
        "depend on it, except that a Stakeholder is never paged.",
    )

    class Meta:
        model = User
        fields = ["email", "name", "time_zone", "roles", "is_active"]


class ReachableForm(forms.ModelForm):
    """An address that is typed whole and shown masked. Another one is another to verify."""

    kind = forms.ChoiceField(
        choices=[(c.kind, c.label) for c in CHANNELS.values() if c.code_by_message],
        widget=UnfoldAdminSelectWidget,
    )
    new_address = forms.CharField(
        label="Address",
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextInputWidget,
        help_text="Number with country code, e-mail address or URL. Empty: keep what is there.",
    )

    class Meta:
        model = Reachable
        fields = ["kind", "label"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["kind"].disabled = True
            self.fields["kind"].widget.choices = [
                (self.instance.kind, CHANNELS[self.instance.kind].label)
            ]
            self.fields["kind"].choices = self.fields["kind"].widget.choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        address, kind = facts.get("new_address", "").strip(), facts.get("kind")
        if not kind:
            return facts
        if not address and not self.instance.pk:
            self.add_error("new_address", "Write an address.")
        elif address:
            try:
                facts["new_address"] = CHANNELS[kind].clean(address)
            except ValidationError as error:
                self.add_error("new_address", error)
        return facts

    def has_changed(self) -> bool:
        return (
            bool(set(self.changed_data) - {"kind"})
            if not self.instance.pk
            else super().has_changed()
        )


def masked(method: Reachable) -> str:
    """The address as the console shows it."""
    channel = CHANNELS.get(method.kind)
    return channel.mask(method.address) if channel and method.pk else "-"


def state(method: Reachable) -> str:
    """Verified, not verified, or switched off."""
    if method.disabled_at:
        return f"Switched off: {method.disabled_reason}"
    return "Verified" if method.verified_at else "Not verified"


class MethodActions(Protocol):
    """The actions of whoever owns the addresses: a person or a group."""

    def add_contact_method(
        self, owner: Any, /, kind: str, address: str, *, actor: User, now: datetime, label: str
    ) -> Any: ...
    def change_contact_method(
        self, method: Any, /, *, actor: User, now: datetime, address: str | None, label: str
    ) -> Any: ...
    def remove_contact_method(self, method: Any, /, *, actor: User, now: datetime) -> None: ...


def save_methods(
    formset: Any, owner: Any, actions: MethodActions, actor: User, now: datetime
) -> None:
    """Save the rows of ReachableForms through the actions of their owner."""
    for gone in formset.deleted_forms:
        if gone.instance.pk:
            actions.remove_contact_method(gone.instance, actor=actor, now=now)
    for form in formset.forms:
        if form in formset.deleted_forms or not form.has_changed():
            continue
        facts = form.cleaned_data
        address, label = facts.get("new_address") or None, facts.get("label", "")
        if form.instance.pk:
            actions.change_contact_method(
                form.instance, actor=actor, now=now, address=address, label=label
            )
        else:
            actions.add_contact_method(
                owner, facts["kind"], facts["new_address"], actor=actor, now=now, label=label
            )
    formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
