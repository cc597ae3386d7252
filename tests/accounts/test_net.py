"""The guarded client: what users may name must never lead inside."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from alertops import net
from tests.doubles.webhook import WebhookDouble

INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
]
NONSENSE = [
    "",
    "x",
    "//127.0.0.1",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "javascript:alert(1)",
    "http://",
    "http:///x",
    "http://user:pass@example.org/",
    "http://example.org@127.0.0.1/",
    "http://exa mple.org/",
    "http://example.org/\r\nX: y",
    "http://example.org/\tx",
    "http:\\\\example.org\\",
    "http://example.org:99999/",
    "http://example.org:port/",
    "http://[fe80::1%25eth0]/",
    "http://[::1",
    "http://example.org/ü",
    "http://\uff11\uff12\uff17.0.0.1/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_addresses_inside_are_blocked(url: str, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = []
    with pytest.raises(net.NotSent):
        net.Client(seconds=1).request("GET", url)


@pytest.mark.parametrize("url", NONSENSE)
def test_nonsense_is_blocked_with_one_sentence(url: str) -> None:
    with pytest.raises(net.Blocked) as raised:
        net.Client(seconds=1).request("GET", url)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("port", [22, 25, 111, 139, 445, 993])
def test_ports_of_other_services_are_blocked(port: int) -> None:
    with pytest.raises(net.Blocked, match="not a web port"):
        net.Client(seconds=1).request("GET", f"http://93.184.216.34:{port}/")


def test_the_connection_goes_to_the_address_that_was_checked(
    webhook_double: WebhookDouble, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers differently the second time is never asked a second time."""
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    answers = ["127.0.0.1", "169.254.169.254"]

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = webhook_double.port
    assert net.Client().request("POST", f"http://rebind.example:{port}/").status == 200
    with pytest.raises(net.Blocked):
        net.Client().request("POST", f"http://rebind.example:{port}/")


def test_redirects_are_not_followed(webhook_double: WebhookDouble, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    webhook_double.status = 302
    assert net.Client().request("GET", webhook_double.base_url).status == 302
    assert len(webhook_double.requests) == 1


def test_a_long_answer_is_cut(webhook_double: WebhookDouble, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    webhook_double.body = b"x" * 1_000_000
    assert len(net.Client().request("GET", webhook_double.base_url).body) == 64 * 1024


def test_silence_ends_at_the_time_limit(webhook_double: WebhookDouble, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    webhook_double.fate = "silence"
    with pytest.raises(net.MaybeSent, match="in time"):
        net.Client(seconds=0.2).request("GET", webhook_double.base_url)


def test_endless_headers_end_too() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def babble() -> None:
        peer, _ = server.accept()
        try:
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                peer.sendall(b"X: " + b"y" * 1000 + b"\r\n")
        except OSError:
            peer.close()

    threading.Thread(target=babble, daemon=True).start()
    with pytest.raises(net.MaybeSent):
        net.Client(guarded=False, seconds=2).request(
            "GET", f"http://127.0.0.1:{server.getsockname()[1]}/"
        )
    server.close()


def test_errors_do_not_repeat_secrets_of_the_address() -> None:
    with pytest.raises(net.NotSent) as raised:
        net.Client(guarded=False, seconds=1).request("GET", "http://127.0.0.1:1/secret?key=secret")
    assert "secret" not in str(raised.value)


def test_a_header_with_a_line_break_is_refused(
    webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    with pytest.raises(net.Blocked):
        net.Client().request("GET", webhook_double.base_url, headers={"X": "a\r\nY: b"})


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An https server whose certificate is for localhost, which the client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    pem = tmp_path / "both.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    trusting = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(net, "_tls", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


def test_encrypted_connections_are_checked_and_kept(https: str) -> None:
    client = net.Client(guarded=False)
    for _ in range(3):
        assert client.request("GET", https).text == "hello"
    assert sum(len(idle) for idle in client._idle.values()) == 1


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(https: str) -> None:
    with pytest.raises(net.NotSent, match="certificate"):
        net.Client(guarded=False).request("GET", https.replace("localhost", "127.0.0.1"))


def test_a_dead_kept_connection_is_not_used_again() -> None:
    client = net.Client(guarded=False)
    with WebhookDouble() as first:
        assert client.request("POST", first.base_url).status == 200
    with WebhookDouble(port=first.port) as again:
        assert client.request("POST", again.base_url).status == 200
