"""What the doubles of ticket and chat tools share: state, losses, and saying no."""

import re
from typing import Any

from tests.doubles.wire import Answer, HttpDouble, Request


class Desk(HttpDouble):
    """`lose` writes are carried out and their answers lost; `busy` requests are told to wait."""

    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.seen: list[Request] = []
        self.refused: list[str] = []
        self.carried_out: list[str] = []
        """What a text made the tool do: people mentioned, commands run."""
        self.lose = 0
        self.busy = 0

    def handle(self, request: Request) -> Answer:
        self.seen.append(request)
        if self.busy:
            self.busy -= 1
            return self.wait()
        answer = self.work(request)
        if answer.status >= 400:
            self.refused.append(f"{request.method} {request.target}: {answer.body.decode()}")
        if self.lose and request.method != "GET" and answer.status < 300:
            self.lose -= 1
            return Answer(fate="reset")
        return answer

    def work(self, request: Request) -> Answer:
        """Carry out one request."""
        raise NotImplementedError

    def wait(self) -> Answer:
        """Say "not now" as this tool does."""
        return Answer.json({"message": "slow down"}, 429, **{"Retry-After": "30"})

    def writes(self) -> list[Request]:
        """What changed, or should have changed, something."""
        return [request for request in self.seen if request.method != "GET"]


def wrong(value: Any, kind: type, longest: int = 0) -> bool:
    """Whether a field has the wrong type, is empty, or is longer than the tool takes."""
    if not isinstance(value, kind) or not value:
        return True
    return bool(longest) and len(value) > longest


def effects(markdown: str) -> list[str]:
    """What GitHub and GitLab would do with a text: whom they notify, which issues they link, and
    which lines GitLab takes as commands. Nothing of it happens inside of fences."""
    found, fence = [], ""
    for line in markdown.splitlines():
        ticks = re.match(r"`{3,}", line)
        if ticks and not fence:
            fence = ticks[0]
        elif fence:
            fence = "" if line.startswith(fence) else fence
        else:
            found += re.findall(r"^/[a-z]+|(?<![\w/])(?:@\w+|[#!]\d+)", line)
            found += re.findall(r"(?<!\\)<[a-z]+", re.sub(r"<!-- \w+ -->", "", line))
    return found
