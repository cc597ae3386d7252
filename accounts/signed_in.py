"""Who is asking."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def person(request: HttpRequest | Request) -> User:
    """Return who is signed in, on a page, in the console or through the API.

    For use behind `login_required` or a permission; where those are missing, PermissionDenied.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
