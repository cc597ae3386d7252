"""A value worked out when it is first asked for, and kept. Pure.

functools has the same, but up to Python 3.11 behind a lock, which on the paging path costs more
than most of the values do.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - reads as a decorator
    """Like `functools.cached_property`; two threads may both work it out."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, thing: None, owner: type) -> "once[T]": ...
    @overload
    def __get__(self, thing: object, owner: type) -> T: ...
    def __get__(self, thing: object | None, owner: type) -> "once[T] | T":
        if thing is None:
            return self
        value = thing.__dict__[self._name] = self._work(thing)
        return value
