"""Names are looked up in bounded time, whatever the resolver does."""

import socket
import threading
import time
from typing import Any

import pytest

from alertops import net, resolver


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A resolver that answers only when the event is set."""
    freed = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        freed.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    return freed


def test_a_resolver_that_hangs_costs_seconds_not_minutes(hanging: threading.Event) -> None:
    began = time.monotonic()
    assert resolver.look_up("slow.example.org", 443, 0.2) == []
    assert time.monotonic() - began < 1.0
    hanging.set()


def test_a_send_whose_name_cannot_be_looked_up_surely_did_not_leave(
    hanging: threading.Event,
) -> None:
    with pytest.raises(net.NotSent, match=r"slow\.example\.org cannot be found"):
        net.Client(seconds=0.3).request("GET", "https://slow.example.org/")
    hanging.set()


def test_only_so_many_look_ups_may_hang(
    hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "_free", threading.BoundedSemaphore(2))
    before = threading.active_count()
    for number in range(6):
        assert resolver.look_up(f"host-{number}.example.org", 443, 0.05) == []
    assert threading.active_count() - before <= 2
    hanging.set()


def test_an_address_needs_no_resolver() -> None:
    ((family, *_, where),) = resolver.look_up("127.0.0.1", 443)
    assert (family, where) == (socket.AF_INET, ("127.0.0.1", 443))


def test_a_name_that_is_none_is_found_nowhere() -> None:
    assert resolver.look_up("a..b", 443) == []
