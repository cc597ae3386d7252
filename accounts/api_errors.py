"""A refused action as an answer of the API."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework import status
from rest_framework.exceptions import APIException

from accounts.errors import NotAllowed


class Refused(APIException):
    """The request is understood, and the rules of the house say no."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"


@contextmanager
def refusals() -> Iterator[None]:
    """Answer what an action refuses with 409 and its sentence."""
    try:
        yield
    except NotAllowed as refusal:
        raise Refused(str(refusal)) from None
