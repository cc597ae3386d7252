"""A double as its own process, for benchmarks and the chaos run."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError

ROOT = Path(__file__).resolve().parents[2]


class DoubleProcess:
    """Starts `python -m <module>` and ends it with the `with` block. Options become --options."""

    def __init__(self, module: str, **options: Any) -> None:
        pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in options.items()]
        self._command = [sys.executable, "-m", module, *(part for pair in pairs for part in pair)]
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""

    @property
    def pid(self) -> int:
        """Return the process id of the running double."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )
        assert self._process.stdout is not None
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            raise RuntimeError(f"{self._command[2]} did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def ask(self, path: str, value: Any = None) -> Any:
        """GET (no value) or POST JSON to the double's back door. Raises ValueError if refused."""
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(self.base_url + path, data=body)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise ValueError(error.read().decode()) from error

    def knobs(self, **values: Any) -> dict[str, Any]:
        """Turn knobs; returns all of them as they are now."""
        knobs: dict[str, Any] = self.ask("/__knobs__", values)
        return knobs
