import io
import socket
import threading
import time
from typing import Any

import pytest

from alertops import bodies


def environ(body: bytes, **more: str) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "192.0.2.1", **more}


def test_a_whole_body_is_read() -> None:
    assert bodies.read(environ(b"hello", CONTENT_LENGTH="5"), 100) == b"hello"


def test_a_request_without_a_body_reads_nothing() -> None:
    assert bodies.read(environ(b"pipelined"), 100) == b""
    assert bodies.read(environ(b"pipelined", CONTENT_LENGTH="0"), 100) == b""
    assert bodies.read(environ(b"pipelined", CONTENT_LENGTH="nonsense"), 100) == b""


def test_half_a_body_is_no_body() -> None:
    with pytest.raises(bodies.Incomplete):
        bodies.read(environ(b"hel", CONTENT_LENGTH="5"), 100)


def test_a_huge_body_is_read_up_to_the_cap_only() -> None:
    assert bodies.read(environ(b"x" * 1000, CONTENT_LENGTH="1000"), 100) == b"x" * 100


def test_a_body_in_chunks_is_never_read_without_end() -> None:
    body = environ(b"x" * 1000, HTTP_TRANSFER_ENCODING="chunked")
    assert bodies.read(body, 100) == b"x" * 100


def test_patience_is_shorter_in_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(bodies, "_reading", {1: (now - 5, "192.0.2.1"), 2: (now - 11, "192.0.2.2")})
    assert bodies.stalled(now) == {"192.0.2.2"}
    crowd = {n: (now - 3, f"192.0.2.{n}") for n in range(bodies.CROWD)}
    monkeypatch.setattr(bodies, "_reading", crowd)
    assert len(bodies.stalled(now)) == bodies.CROWD


def test_a_sender_that_stalls_is_cut_off_and_the_thread_set_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "DEADLINE", 0.1)
    monkeypatch.setattr(bodies, "LOOK", 0.05)
    outcome: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, peer = server.accept()
        sender.sendall(b"{")
        request = {
            "wsgi.input": receiver.makefile("rb"),
            "REMOTE_ADDR": peer[0],
            "CONTENT_LENGTH": "99",
        }

        def read() -> None:
            try:
                outcome.append(bodies.read(request, 1000))
            except bodies.Incomplete:
                outcome.append("cut off")

        reader = threading.Thread(target=read)
        began = time.monotonic()
        reader.start()
        reader.join(timeout=5)
        sender.close()
        receiver.close()
    assert outcome == ["cut off"]
    assert time.monotonic() - began < 2
    assert bodies._reading == {}


@pytest.mark.parametrize(
    ("address", "shape"),
    [("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::1")],
)
def test_an_address_has_one_shape(address: str, shape: str) -> None:
    assert bodies.plain(address) == shape
