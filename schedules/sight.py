"""What the pages of this app start from: the schedule in sight, its people, a refusal in a form."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.errors import NotAllowed
from accounts.models import User
from accounts.signed_in import person
from schedules.models import Schedule


def schedule_of(request: HttpRequest, pk: int) -> Schedule:
    """Return a schedule that the person may see; to everybody else it is not there."""
    seen = Schedule.objects.visible_to(person(request)).select_related("group")
    return get_object_or_404(seen, pk=pk)


def pageable_members(group: int) -> QuerySet[User]:
    """Return who can be put on call in a group, by name."""
    return User.objects.responders().filter(memberships__group=group).order_by("name", "pk")


def tried(form: forms.BaseForm, work: Callable[[], Any]) -> bool:
    """Run an action with what a valid form says; what it refuses stands at its field."""
    try:
        work()
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
    except ValidationError as refusal:
        refuse(form, refusal)
    return not form.errors


def refuse(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Put a refusal at the fields it is about, or above the form."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)
