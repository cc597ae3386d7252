"""The bench reads its wishes, speaks HTTP as it should, and judges as documented."""

import json
import socket
import threading

import pytest

from tools.bench import load, report
from tools.bench.__main__ import MAIN, MORE, ONCE, arguments
from tools.bench.figures import percentile
from tools.bench.load import Plan


def test_everything_is_measured_five_times_unless_told_otherwise() -> None:
    wish = arguments([])
    assert wish.runs == 5
    assert wish.only == [*MAIN, *MORE, *ONCE]
    assert arguments(["--quick"]).runs == 1
    assert arguments(["--runs", "3", "--only", "pages", "--only", "storm"]).only == [
        "pages",
        "storm",
    ]


def test_nobody_can_wish_for_a_figure_that_does_not_exist() -> None:
    with pytest.raises(SystemExit):
        arguments(["--only", "miles per hour"])


def test_the_load_generator_sends_whole_requests_and_counts_the_answers() -> None:
    bodies: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, bodies), daemon=True).start()
        plan = Plan(server.getsockname()[1], ["/integrations/k/"], "bench1", count=20)
        plan.connections = 1
        sent = load.run(plan)
    assert sent.count == 20
    assert len(sent.latencies) == 20
    events = [json.loads(body) for body in bodies]
    assert {event["dedup_key"] for event in events} == {f"bench1-{n:07d}" for n in range(20)}
    assert all(330 <= len(body) <= 420 for body in bodies)


def _serve(server: socket.socket, bodies: list[bytes]) -> None:
    wire, _ = server.accept()
    stream = wire.makefile("rb")
    while line := stream.readline():
        assert line == b"POST /integrations/k/ HTTP/1.1\r\n"
        headers = dict(line.rstrip().split(b": ") for line in iter(stream.readline, b"\r\n"))
        bodies.append(stream.read(int(headers[b"Content-Length"])))
        wire.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 11\r\n\r\n" + b'{"event":1}')


def test_a_hundred_alerts_fit_into_one_body() -> None:
    request = load._request(Plan(1, ["/integrations/k/"], "bench1", body="alertmanager"))(0)
    alerts = json.loads(request.partition(b"\r\n\r\n")[2])["alerts"]
    assert len({alert["fingerprint"] for alert in alerts}) == load.ALERTS == 100


def test_the_median_of_the_runs_is_judged_against_both_goals() -> None:
    samples = {
        "L": [1000.0, 1000.0, 1000.0],
        "accept": [200.0, 400.0, 300.0],
        "accept / L": [0.2, 0.4, 0.3],
        "accept p99 ms": [30.0, 40.0, 50.0],
        "pages": [10.0, 20.0, 90.0],
    }
    rows = {row.name: row for row in report.rows(samples)}
    assert rows["accept"].of_limit == 0.3
    assert rows["accept / L"].verdict == "ambition"
    assert rows["accept p99 ms"].verdict == "reached"
    assert rows["pages"].verdict == "MISSED"
    assert "MISSED" in report.table(list(rows.values()))


def test_a_large_table_may_cost_15_per_cent() -> None:
    samples = {"pages": [100.0], "pages, old": [90.0], "pages: CPU ms": [4.0]}
    samples["pages: CPU ms, old"] = [5.0]
    rows = {row.name: row.verdict for row in report.rows(samples)}
    assert rows["pages, old / new"] == "reached"
    assert rows["pages: CPU ms, old / new"] == "MISSED"


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
