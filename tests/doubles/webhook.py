"""A small HTTP receiver for whatever posts JSON (or anything else): apprise, outbound webhooks."""

import argparse
import threading
from typing import Any

from tests.doubles.wire import Answer, HttpDouble, Request


class WebhookDouble(HttpDouble):
    """Keeps every request. `status` is what it answers, `fails` how many times 503 comes first,
    `delay` how long it takes, `fate` reset or silence instead of an answer."""

    def __init__(
        self, *, port: int = 0, journal: str | None = None, status: int = 200, **knobs: Any
    ) -> None:
        super().__init__(port=port, journal=journal)
        self.requests: list[Request] = []
        self.status = status
        self.body = b'{"ok": true}'
        self.headers: dict[str, str] = {}
        self.fails: int = knobs.pop("fails", 0)
        self.delay: float = knobs.pop("delay", 0.0)
        self.fate: str = knobs.pop("fate", "reply")
        if knobs:
            raise KeyError(f"no such knob: {', '.join(knobs)}")
        self._changed = threading.Condition()

    def handle(self, request: Request) -> Answer:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        text = request.body.decode(errors="replace")
        self.journal.write("received", method=request.method, target=request.target, body=text)
        status = self.status
        if self.fails > 0:
            self.fails, status = self.fails - 1, 503
        return Answer(status, self.body, headers=self.headers, delay=self.delay, fate=self.fate)

    def wait(self, count: int, timeout: float = 10.0) -> list[Request]:
        """Wait until `count` requests came in; return all. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} of {count} requests in {timeout} s")
        return list(self.requests)


def main() -> None:
    """Run as a process."""
    parser = argparse.ArgumentParser(description="A local webhook receiver.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal")
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--fails", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    WebhookDouble(**vars(parser.parse_args())).serve_forever()


if __name__ == "__main__":
    main()
