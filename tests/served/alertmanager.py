"""The real Alertmanager, sending to a house by both doors: its own webhook, and PagerDuty's."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tests.served.house import Served, until
from tools.chaos_house import ROOT, free_port

UNPACKED = ROOT / ".venv/alertmanager"
DATA = "/usr/share/prometheus/alertmanager"
GROUP_WAIT, GROUP_INTERVAL = 1, 2


def program(home: Path) -> tuple[str, str]:
    """Return the program and the folder to run it in. Tests fail without it: never a silent skip.

    Debian's looks for its own templates below /usr/share, where an unpacked package has nothing.
    In a copy of it, that name becomes one of the same length that means the working folder.
    """
    names = ("prometheus-alertmanager", "alertmanager")
    found = next(filter(None, map(shutil.which, names)), None)
    unpacked = UNPACKED / "usr/bin/prometheus-alertmanager"
    if found and (Path(found) != unpacked or Path(DATA, "default.tmpl").exists()):
        return found, str(home)
    assert unpacked.is_file(), "no Alertmanager: python tools/install.py --system fetches it"
    here = "/proc/self/cwd".ljust(len(DATA), "/")
    copy = home / "alertmanager"
    copy.write_bytes(unpacked.read_bytes().replace(DATA.encode(), here.encode()))
    copy.chmod(0o755)
    return str(copy), f"{UNPACKED}{DATA}"


class Alertmanager:
    """`with Alertmanager(house) as alertmanager:` runs one until the end of the block."""

    def __init__(
        self, house: Served, webhook: str = "Prometheus", pagerduty: str = "Events"
    ) -> None:
        """`webhook`, `pagerduty`: the names of the integrations it tells."""
        self.home = Path(tempfile.mkdtemp(prefix="alertmanager-"))
        self.url = f"http://127.0.0.1:{free_port()}"
        self._program, self._folder = program(self.home)
        self._process: subprocess.Popen[bytes] | None = None
        file = self.home / "alertmanager.yml"  # JSON is YAML
        file.write_text(json.dumps(configuration(house, webhook, pagerduty)), encoding="utf-8")

    def __enter__(self) -> Self:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={self.home / 'alertmanager.yml'}",
                    f"--storage.path={self.home / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--cluster.listen-address=",
                ],
                cwd=self._folder,
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
        self.kill()
        shutil.rmtree(self.home)

    def forget(self) -> None:
        """Die, and come back without any memory of what was sent."""
        self.kill()
        shutil.rmtree(self.home / "data")
        self.__enter__()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def fire(self, name: str, *hosts: str) -> None:
        """Say, as Prometheus does, that an alert of this name is there for each host."""
        self._post([alert(name, host) for host in hosts])

    def end(self, name: str, *hosts: str) -> None:
        """Say that it is over for each host."""
        alerts = [alert(name, host) for host in hosts]
        self._post([{**told, "endsAt": told["startsAt"]} for told in alerts])

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def _post(self, alerts: list[dict[str, Any]]) -> None:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(alerts).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()[-2000:]
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def alert(name: str, host: str) -> dict[str, Any]:
    """One alert as Prometheus posts it. It begins now: an older one would not wait for others."""
    began = datetime.fromtimestamp(time.time(), UTC)
    return {
        "labels": {"alertname": name, "instance": host, "severity": "critical"},
        "annotations": {"summary": f"{name} on {host}"},
        "startsAt": began.isoformat(),
        "generatorURL": "http://prometheus.example.com/graph",
    }


def configuration(house: Served, webhook: str, pagerduty: str) -> dict[str, Any]:
    """Everything goes to both receivers, grouped by name."""
    keys = house.scene.keys
    hook = {"url": f"{house.url}/integrations/{keys[webhook]}/"}
    events = {"url": f"{house.url}/v2/enqueue", "routing_key": keys[pagerduty]}
    return {
        "route": {
            "receiver": "webhook",
            "group_by": ["alertname"],
            "group_wait": f"{GROUP_WAIT}s",
            "group_interval": f"{GROUP_INTERVAL}s",
            "repeat_interval": "1h",
            "routes": [{"receiver": "webhook", "continue": True}, {"receiver": "pagerduty"}],
        },
        "receivers": [
            {"name": "webhook", "webhook_configs": [{**hook, "send_resolved": True}]},
            {"name": "pagerduty", "pagerduty_configs": [{**events, "send_resolved": True}]},
        ],
    }
