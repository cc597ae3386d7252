"""What every console page of ours does: an action's refusal is a message, not an error page."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import ForeignKey
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from accounts.errors import NotAllowed
from accounts.forms import one_sentence


class ConsoleAdmin(ModelAdmin):
    """Writes go through actions; what those refuse is said on the page it was asked on."""

    list_per_page = 50
    show_full_result_count = False

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


class ReadOnlyAdmin(ConsoleAdmin):
    """Rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
