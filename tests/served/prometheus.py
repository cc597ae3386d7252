"""The real Prometheus, watching one program and telling the real Alertmanager about it."""

import json
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

from tests.served.house import until
from tools.chaos_house import ROOT, free_port

UNPACKED = ROOT / ".venv/prometheus/usr/bin/prometheus"


def program() -> str:
    """Return the program. Tests fail without it: never a silent skip."""
    found = shutil.which("prometheus") or (str(UNPACKED) if UNPACKED.is_file() else "")
    assert found, "no Prometheus: python tools/install.py --system fetches it"
    return found


class Watched:
    """A program with one metric. It can be stopped, and started again at the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: HTTPServer | None = None

    def start(self) -> None:
        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(b"pay_queue 3\n")

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", self.port), Metrics)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Prometheus:
    """`with Prometheus(alertmanager.url, watched):` runs one until the end of the block."""

    def __init__(self, alertmanager: str, watched: Watched) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="prometheus-"))
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None
        configuration = {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {
                    "job_name": "pay",
                    "static_configs": [{"targets": [f"127.0.0.1:{watched.port}"]}],
                }
            ],
            "alerting": {
                "alertmanagers": [
                    {"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}
                ]
            },
        }
        down = {
            "alert": "PayDown",
            "expr": 'up{job="pay"} == 0',
            "labels": {"severity": "critical"},
            "annotations": {"summary": "PayDown on {{ $labels.job }}"},
        }
        rules = {"groups": [{"name": "pay", "rules": [down]}]}
        for name, content in (("prometheus.yml", configuration), ("rules.yml", rules)):
            (self.home / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML

    def __enter__(self) -> Self:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program(),
                    f"--config.file={self.home / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.home / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--rules.alert.resend-delay=1s",
                ],
                cwd=self.home,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._is_ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.home)

    def _is_ready(self) -> bool:
        assert self._process is not None
        log = (self.home / "log").read_text(errors="replace")
        assert self._process.poll() is None, log[-2000:]
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
