"""What every console page of ours does: an action's refusal is a message, not an error page."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import RelatedFieldListFilter
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from accounts.errors import NotAllowed
from accounts.forms import one_sentence

MEANWHILE = (
    "This was changed in the meantime, perhaps in another tab, and does not go together with what "
    "you wrote. Nothing of it was saved: here is how it stands now."
)


class ConsoleAdmin(ModelAdmin):
    """Writes go through actions; what those refuse is said on the page it was asked on."""

    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The console shows nobody more than the pages do."""
        rows: Any = super().get_queryset(request)
        found: QuerySet[Any] = (
            rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows
        )
        return found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
            return redirect(request.get_full_path())
        except ValidationError as refusal:
            messages.error(request, one_sentence(refusal))
            return redirect(request.get_full_path())
        except IntegrityError:  # what the form itself cannot know: another tab was quicker
            messages.error(request, MEANWHILE)
            return redirect(request.get_full_path())
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in, apart from nonsense where the number of a row belongs."""
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if self._fits(name, value)}

    def _fits(self, name: str, value: Any) -> bool:
        try:
            field = self.model._meta.get_field(name)
            if isinstance(field, ForeignKey):
                field.to_python(value)
        except (FieldDoesNotExist, ValidationError):
            return False
        return True

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes along is looked at on read-only pages, which does not protect it: whether
        the thing itself may go is the action's to say."""
        gone, counts, _, protected = super().get_deleted_objects(objs, request)
        return gone, counts, set(), protected

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
            return redirect("..")
        return answer


class InUse(ConsoleAdmin):
    """Rows many others point at: only they are named before they go. Their action says what
    stands in the way, in one sentence; to list it would be to read every alert there is."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        named = [f"{capfirst(one._meta.verbose_name)}: {one}" for one in objs]
        return named, {self.opts.verbose_name_plural: len(named)}, set(), []


class SeenFilter(RelatedFieldListFilter):
    """Offers those the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        seen = field.related_model.objects.visible_to(request.user).values("pk")
        order = self.field_admin_ordering(field, request, model_admin)
        choices: list[Any] = field.get_choices(
            include_blank=False, limit_choices_to={"pk__in": seen}, ordering=order
        )
        return choices


class ReadOnlyAdmin(ConsoleAdmin):
    """Rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
