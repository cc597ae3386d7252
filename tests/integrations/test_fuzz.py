"""Whatever is sent: one event each, no server error, nothing stuck, no memory that grows.

make fuzz                    a million bodies
make fuzz N=20000 SEED=7     as many, the same ones again
"""

import io
import itertools
import logging
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import connection
from django.db.models import Q

from alertops import wsgi
from alerts.models import Alert
from groups.models import Group
from integrations import suspects
from integrations.dropins import addresses as doors
from integrations.models import InboundEvent
from integrations.vendors import VENDORS
from tests.integrations.amazon import Amazon
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.fuzz import Shot, shots

N, SEED = int(os.environ.get("FUZZ", "20000")), int(os.environ.get("FUZZ_SEED", "20260302"))
ROUND = 1000
WARM, GROWTH = 5, 64 * 1024 * 1024
"""After so many rounds everything that is kept once is kept; more than this is a leak."""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(0), pytest.mark.slow]


@pytest.fixture
def paths(payments: Group, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An integration of each kind that may send as fast as it can. Only the disk is not waited
    for: what is asked here is not whether an event survives a power cut."""
    options = connection.settings_dict["OPTIONS"]
    monkeypatch.setitem(options, "options", "-c synchronous_commit=off")
    limits = {"rate_per_minute": 1_000_000, "burst": 1_000_000}
    return {
        kind: f"/integrations/{make_integration(payments, kind, **limits).key}/" for kind in VENDORS
    }


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the program logs as an error meanwhile."""
    found: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    def hear(**_: Any) -> None:
        found.append(traceback.format_exc())

    ear = Ear(logging.ERROR)
    logging.getLogger().addHandler(ear)
    got_request_exception.connect(hear)
    yield found
    got_request_exception.disconnect(hear)
    logging.getLogger().removeHandler(ear)


def test_no_body_breaks_anything(
    paths: dict[str, str], complaints: list[str], amazon: Amazon
) -> None:
    stream, answers, warm = shots(SEED), Counter[int](), 0
    began = time.monotonic()
    for number in range(0, N, ROUND):
        salvo = list(itertools.islice(stream, min(ROUND, N - number)))
        for shot in salvo:
            status = _status(paths[shot.kind], shot)
            assert status in {VENDORS[shot.kind].success, 413}, f"{shot!r:.2000}\n{complaints}"
            answers[status] += 1
        _kept(salvo)
        _work_off()
        assert not complaints, f"round {number // ROUND} of seed {SEED}:\n{complaints[0]}"
        if number // ROUND == WARM:
            warm = _resident()
        if number % (50 * ROUND) == 0:
            print(f"{number:>9,}  {_resident() >> 20} MiB  {dict(answers)}", flush=True)
        amazon.asked.clear()
        _forget()
    print(f"{N:>9,}  {_resident() >> 20} MiB  {N / (time.monotonic() - began):.0f} a second")
    if warm:
        assert _resident() - warm < GROWTH


def test_no_body_breaks_another_products_door(
    payments: Group, complaints: list[str], amazon: Amazon
) -> None:
    """These doors may refuse; what they accept they keep, and it is worked off as well. A body
    goes to two doors, the next one to the next two."""
    addresses = [f"/{url.pattern}" for url in doors.URLS if "<" not in str(url.pattern)]
    assert addresses
    turns = itertools.cycle(addresses)
    limits = {"rate_per_minute": 1_000_000, "burst": 1_000_000}
    key = make_integration(payments, "pagerduty", **limits).key.encode()
    stream = shots(SEED, ("pagerduty", "generic"))
    for number in range(0, N // 10, ROUND):
        accepted = 0
        for shot in itertools.islice(stream, min(ROUND, N // 10 - number)):
            body = shot.body.replace(b"0123456789abcdef0123456789abcdef", key)
            for address in itertools.islice(turns, 2):
                status = _status(address, replace(shot, body=body))
                assert status < 500, f"{address} {shot!r:.2000}\n{complaints}"
                accepted += status < 300
        assert InboundEvent.objects.count() >= accepted > 0
        _work_off()
        assert not complaints, complaints[0]
        _forget()


def _status(path: str, shot: Shot) -> int:
    """Send one request through the application, as the web server hands it over."""
    said: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": str(len(shot.body)),
        "CONTENT_TYPE": shot.content_type,
        "wsgi.input": io.BytesIO(shot.body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    if shot.content_encoding:
        environ["HTTP_CONTENT_ENCODING"] = shot.content_encoding
    answer = wsgi.application(environ, lambda status, headers, *rest: said.append(status))
    list(answer)
    return int(said[0].split()[0])


def _kept(salvo: Sequence[Shot]) -> None:
    """Each is an event, in order, byte by byte; of what is too large, its beginning."""
    rows = InboundEvent.objects.order_by("id").values_list("body", "oversized")
    assert len(rows) == len(salvo)
    for (body, oversized), shot in zip(rows, salvo, strict=True):
        assert bytes(body) == (shot.body[: len(body)] if oversized else shot.body)
        assert len(body) or not shot.body


def _work_off() -> None:
    """Then nothing waits, nothing was tried twice, and what became an alert can be read."""
    suspects.worked()  # nobody has died of what took us long to send
    work_off()
    stuck = InboundEvent.objects.filter(
        Q(processed_at=None) | Q(attempts__gt=0) | Q(detail__startswith="It failed")
    )
    first = stuck.first()
    assert first is None, f"{first.detail} {bytes(first.body)!r:.2000}"
    assert not Alert.objects.filter(title="").exists()


def _resident() -> int:
    """Bytes of memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _forget() -> None:
    """Begin the next round with an empty inbox."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE integrations_inboundevent, alerts_alert CASCADE")
