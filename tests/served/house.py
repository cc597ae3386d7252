"""A served house for the tests: the installation itself, and how one talks to it from outside."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

from tests.served.scene import Scene
from tools.chaos_house import ROOT, House, free_port

T = TypeVar("T")
MAIL_DOMAIN = "in.example.org"
LOOK = "from tests.served import scene; scene.main()"


class Served(House):
    """`with Served(twilio_url) as house:` serves, with its people in place once `seed` was called.

    Nothing but the addresses of the providers differs from an installation in production.
    """

    prefix = "alertops-served-"
    scene: Scene

    def __init__(self, twilio_url: str, mail_port: int) -> None:
        super().__init__(twilio_url)
        self.mail_port = free_port()
        self.environment |= {
            "PUSH_ALLOW_PRIVATE": "yes",
            "OUTBOX_ONLY": "no",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(mail_port),
            "EMAIL_USE_TLS": "no",
            "EMAIL_IN_HOST": "127.0.0.1",
            "EMAIL_IN_PORT": str(self.mail_port),
            "EMAIL_IN_DOMAIN": MAIL_DOMAIN,
            "ALLOW_PRIVATE_TARGETS": "127.0.0.1",  # where the tests' own receivers listen
        }
        self._read = 0
        self._excused: tuple[tuple[str, ...], float] = ((), 0.0)

    @property
    def url(self) -> str:
        return self.environment["PUBLIC_URL"]

    def seed(self, subscription: dict[str, Any]) -> None:
        """Write the people, groups and integrations, in a process of its own."""
        self.scene = Scene(**json.loads(self.inside(LOOK, json.dumps(subscription))))

    def inside(self, program: str, told: str) -> str:
        """Run a program in the house, in a process of its own, and return the last line it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", program],
            cwd=ROOT,
            env=self.full_environment(),
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-1]

    def send(self, integration: str, payload: Any) -> float:
        """Send an event to an integration; return when the 202 was here, in epoch seconds."""
        key = self.scene.keys[integration]
        headers = {"Content-Type": "application/json"}
        status, body = self.ask("POST", f"/integrations/{key}/", json.dumps(payload), headers)
        at = time.time()
        assert status == 202, body
        return at

    def api(self, path: str) -> Any:
        """GET from the API as somebody who sees everything."""
        status, body = self.ask(
            "GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {self.scene.token}"}
        )
        assert status == 200, body
        return json.loads(body)

    def alerts(self, integration: str) -> list[dict[str, Any]]:
        """All alerts of an integration by name, oldest first."""
        found: list[dict[str, Any]] = self.api(f"/alerts/?status=all&integration={integration}")[
            "results"
        ]
        return found[::-1]

    def ask(
        self, method: str, where: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """One request from outside, redirects followed. `where` is a path or a whole address."""
        url = where if where.startswith("http") else self.url + where
        data = body.encode() if method == "POST" else None
        request = urllib.request.Request(url, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def new_errors(self) -> list[str]:
        """What the log calls an error since the last look; every line of it is JSON of ours."""
        lines = (self.home / "serve.log").read_text(errors="replace").splitlines()
        fresh, self._read = lines[self._read :], len(lines)
        words, until_then = self._excused
        excused = words if time.monotonic() < until_then else ()
        return [
            line for line in fresh if _is_error(line) and not any(word in line for word in excused)
        ]

    def excuse(self, *words: str, seconds: float) -> None:
        """Who finds out late about what a test did may say so, in these words, for a while."""
        self._excused = (words, time.monotonic() + seconds)


def _is_error(line: str) -> bool:
    try:
        return json.loads(line)["level"] in {"error", "critical"}
    except (ValueError, KeyError, TypeError):
        return "Traceback" in line


def until(look: Callable[[], T], seconds: float = 15.0, *, every: float = 0.05) -> T:
    """Return what `look` sees as soon as it is something. Fails when the time is over."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(every)
    return seen
