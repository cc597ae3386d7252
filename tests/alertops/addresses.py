"""Ways to write an address that leads inside, for the tests that nothing does.

`PORT` stands for the port at which a canary listens on 127.0.0.1 and ::1. Names resolve by `NAMES`
alone; what is not there is left to the system, which knows literals in all their spellings.
"""

from itertools import cycle
from typing import Any

LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.255.255.254", "127.000.000.001",
    "127.0.0.1.",
    "2130706433", "02130706433", "017700000001", "0177.0.0.1", "0177.0.0.01", "00000177.0.0.1",
    "0177.1", "0x7f000001", "0X7F000001", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f.1", "0x7F.0.1",
    "127.0x1", "0x7f.0.0.01", "0", "00", "0x0", "0.0", "0.0.0.0", "0.0.0.0.", "0.1.2.3",
    "4294967295", "425.510.425.510", "383.0.0.1", "127.0.0.257",
]  # fmt: skip
NAMED = [
    "localhost", "LOCALHOST", "LocalHost", "localhost.", "localhost.localdomain", "ip6-localhost",
    "ip6-loopback", "rebind.example", "rebind6.example", "rebind.example.", "inside.example",
    "INSIDE.EXAMPLE", "inside6.example", "inside.example.", "mixed.example", "mixed-first.example",
    "127.0.0.1.nip.example", "www.127-0-0-1.sslip.example", "xn--nside-5ua.example",
]  # fmt: skip
SIX = [
    "::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::0001", "0::1", "::",
    "0::0", "::ffff:127.0.0.1", "::FFFF:127.0.0.1", "::ffff:7f00:1", "::ffff:7f00:0001",
    "0:0:0:0:0:ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "::7f00:1",
    "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::127.0.0.1", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2002:7f00:0001::1", "2002:a9fe:a9fe::", "2001:0:7f00:1::80ff:fffe",
    "fe80::1", "fe80::5efe:127.0.0.1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1",
    "2001:db8::1", "2001:10::1", "5f00::1", "3fff::1", "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe", "::1%lo", "::1%25lo", "::1%1", "::1%251", "fe80::1%lo", "fe80::1%25eth0",
    "::1%", "v1.127.0.0.1", "127.0.0.1", "::ffff:127.1", "::ffff:0x7f.0.0.1",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "012.0.0.1", "0xa.1", "167772161", "172.16.0.1", "172.31.255.254", "192.168.0.1",
    "192.168.257", "169.254.169.254", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376", "169.254.43518", "169.16689662", "metadata.example", "100.64.0.1",
    "100.100.100.200", "192.0.0.192",
    "168.63.129.16", "192.88.99.1", "198.18.0.1", "192.0.2.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
]  # fmt: skip
TRICKS = [
    # Who is the user here, and who the host?
    "http://example.org@127.0.0.1:PORT/", "http://example.org:80@127.0.0.1:PORT/",
    "http://a:b@127.0.0.1:PORT/", "http://@127.0.0.1:PORT/", "http://:@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT@example.org/", "http://127.0.0.1:PORT#@example.org/",
    "http://127.0.0.1:PORT?@example.org/", "http://127.0.0.1:PORT\\@example.org/",
    "http://example.org\\@127.0.0.1:PORT/", "http://example.org#@127.0.0.1:PORT/",
    "http://example.org%40127.0.0.1:PORT/", "http://a@b@127.0.0.1:PORT/",
    "http://example.org:@127.0.0.1:PORT/", "http://127.0.0.1:PORT;@example.org/",
    # Slashes and schemes
    "http:127.0.0.1:PORT/", "http:/127.0.0.1:PORT/", "http:///127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT\\", "http:/\\127.0.0.1:PORT/", "//127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/", "hTTps://127.0.0.1:PORT/", "https://[::1]:PORT/",
    "ftp://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/_x", "dict://127.0.0.1:PORT/",
    "ldap://127.0.0.1:PORT/", "ws://127.0.0.1:PORT/", "file:///etc/passwd", "file://127.0.0.1/etc",
    "jar:http://127.0.0.1:PORT!/", "data:text/plain,x", "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "javascript:alert(1)", "url:http://127.0.0.1:PORT/",
    # Characters that some reader takes for others
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:PORT/", "http://127\u30020\u30020\u30021:PORT/",
    "http://127\uff0e0\uff0e0\uff0e1:PORT/", "http://127\uff610\uff610\uff611:PORT/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:PORT/", "http://\u0661\u0662\u0667.0.0.1:PORT/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:PORT/",
    "http://\u2113ocalhost:PORT/", "http://local\u00adhost:PORT/", "http://local\u200bhost:PORT/",
    "http://localho\u017ft:PORT/", "http://127.0.0.\u00b9:PORT/", "http://[\u2236\u22361]:PORT/",
    "http://%31%32%37.0.0.1:PORT/", "http://127%2e0%2e0%2e1:PORT/", "http://%6cocalhost:PORT/",
    "http://127.0.0.1%00.example.org:PORT/", "http://127.0.0.1%23.example.org:PORT/",
    "http://127.0.0.1%2f.example.org:PORT/", "http://127.0.\t0.1:PORT/", "http://127.0.\n0.1:PORT/",
    "\thttp://127.0.0.1:PORT/", " http://127.0.0.1:PORT/", "http://127.0.0.1:PORT/\r\nX: y",
    "http:// 127.0.0.1:PORT/", "http://127.0.0.1 :PORT/", "http://127.0.0.1\x00:PORT/",
    "http://\"127.0.0.1\":PORT/", "http://<127.0.0.1>:PORT/", "http://{127.0.0.1}:PORT/",
    "http://$HOME@127.0.0.1:PORT/", "http://127.0.0.1,example.org:PORT/",
    # Ports and brackets
    "http://127.0.0.1:0PORT/", "http://127.0.0.1:+PORT/", "http://127.0.0.1:PORT:80/",
    "http://127.0.0.1:80:PORT/", "http://127.0.0.1:/", "http://127.0.0.1/", "http://[::1]/",
    "http://127.0.0.1:-1/", "http://127.0.0.1:99999/", "http://[127.0.0.1]:PORT/",
    "http://[::1:PORT/", "http://::1:PORT/", "http://[[::1]]:PORT/", "http://[::1]x:PORT/",
    "http://x[::1]:PORT/", "http://[::1]@127.0.0.1:PORT/",
]  # fmt: skip

FORMS = [
    *(f"http://{host}:PORT/" for host in [*LOOPBACK, *NAMED, *PRIVATE]),
    *(f"http://[{host}]:PORT/" for host in SIX),
    *TRICKS,
]

PUBLIC = "93.184.216.34"
NAMES: dict[str, list[list[str]]] = {
    # Each list is one answer; a name that has several changes its mind at every question.
    "example.org": [[PUBLIC]],
    "rebind.example": [[PUBLIC], ["127.0.0.1"]],
    "rebind6.example": [["2606:2800:220:1::1"], ["::1"]],
    "inside.example": [["127.0.0.1"]],
    "inside6.example": [["::1"]],
    "xn--nside-5ua.example": [["127.0.0.1"]],
    "mixed.example": [[PUBLIC, "127.0.0.1", "::1"]],
    "mixed-first.example": [["127.0.0.1", "::1", PUBLIC]],
    "127.0.0.1.nip.example": [["127.0.0.1"]],
    "www.127-0-0-1.sslip.example": [["127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "ip6-localhost": [["::1"]],
    "ip6-loopback": [["::1"]],
    "sns.eu-west-1.amazonaws.com": [["127.0.0.1"], ["::1"]],
    "redirector.example": [["127.0.0.1"]],
}


class Names:
    """A resolver of ours in front of the system's, for `socket.getaddrinfo`."""

    def __init__(self, system: Any) -> None:
        self._system = system
        self._answers = {name: cycle(answers) for name, answers in NAMES.items()}

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else str(host)
        answers = self._answers.get(text.lower().rstrip("."))
        if answers is None:
            if text.lower().endswith((".example", ".example.", ".org")):
                raise OSError("unknown")
            return self._system(host, port, *args, **kwargs)
        found: list[Any] = []
        for address in next(answers):
            found += self._system(address, port, *args, **kwargs)
        return found
