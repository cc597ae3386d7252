"""The senders of alerts and the people who answer: outsiders who speak HTTP. All is journaled."""

import heapq
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.doubles.journal import Journal
from tools.chaos_scene import PROBES, Scene

GIVE_UP = 120.0  # seconds a sender goes on trying, as real ones do for longer


@dataclass
class Story:
    """One alert to come: its key, its team and what people do about it."""

    key: str
    team: int
    fate: str  # acknowledge (`wait` s after the page), resolve (after `wait` s), climb
    wait: float = 0.0
    event: int = 0


class Load:
    """Sends `rate` alerts a second until `stop`, and does what their stories say."""

    def __init__(
        self, port: int, scene: Scene, journal: Journal, *, seed: int, rate: float
    ) -> None:
        self._port, self._scene, self._journal = port, scene, journal
        self._seed, self._rate = seed, rate
        self._random = random.Random(f"load {seed}")
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._probes = itertools.count(), itertools.count()
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(24, thread_name_prefix="sender")
        self._local = threading.local()
        self._ended = self._closed = False
        self._threads: list[threading.Thread] = []
        self.stories: dict[str, Story] = {}

    def start(self) -> None:
        """Begin to send."""
        for work in (self._produce, self._run_agenda):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Send nothing new; what people were about to do they still do."""
        self._ended = True
        self._threads[0].join(10)
        with self._changed:
            self._changed.wait_for(lambda: not self._agenda, 30)
            self._closed = True
        self._pool.shutdown(wait=True)

    def probe(self, name: str) -> Story:
        """Send one alert now, trying hard until it is accepted; returns when it is."""
        team = next(self._probes) % PROBES
        story = Story(f"probe-{self._seed}-{name}", team, "climb")
        self.stories[story.key] = story
        self._trigger(story, pause=0.03)
        return story

    def paged(self, key: str) -> None:
        """Somebody was paged for the first time: whoever means to answer does so in a while."""
        story = self.stories.get(key)
        if story and story.fate == "acknowledge":
            self._later(story.wait, lambda: self._acknowledge(story))

    def climbed(self, key: str) -> None:
        """The last person who should be paged was: end this alert."""
        story = self.stories.get(key)
        if story and story.fate == "climb" and not self._ended:
            self._later(0.0, lambda: self._resolve(story))

    # When.

    def _produce(self) -> None:
        for number in itertools.count():
            if self._ended:
                return
            fate = self._random.choices(("acknowledge", "resolve", "climb"), (4, 2, 4))[0]
            team = PROBES + number % (len(self._scene.teams) - PROBES)
            wait = self._random.uniform(0.0, 10.0)  # some race with the second level
            story = Story(f"chaos-{self._seed}-{number:05d}", team, fate, wait)
            self.stories[story.key] = story
            self._pool.submit(self._safely, partial(self._tell, story))
            time.sleep(self._random.expovariate(self._rate))

    def _tell(self, story: Story) -> None:
        if self._trigger(story) and story.fate == "resolve":
            self._later(story.wait, lambda: self._resolve(story))

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        with self._changed:
            if self._closed:  # nobody answers any more: the alert climbs
                return
            heapq.heappush(self._agenda, (time.monotonic() + seconds, next(self._order), work))
            self._changed.notify_all()

    def _run_agenda(self) -> None:
        while True:
            with self._changed:
                while not self._agenda or self._agenda[0][0] > time.monotonic():
                    if self._closed:
                        return
                    wait = self._agenda[0][0] - time.monotonic() if self._agenda else 1.0
                    self._changed.wait(wait)
                _, _, work = heapq.heappop(self._agenda)
                self._pool.submit(self._safely, work)
                self._changed.notify_all()

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a bug of this tool must show in its journal
            self._journal.write("bug", error=repr(error))

    # What.

    def _trigger(self, story: Story, pause: float = 0.2) -> bool:
        title = f"{story.key} disk full"
        body = {"title": title, "dedup_key": story.key, "severity": "critical"}
        answer = self._insist(story, "trigger", self._scene.teams[story.team].path, body, pause)
        story.event = int(answer["event"]) if answer else 0
        return bool(answer)

    def _resolve(self, story: Story) -> None:
        body = {"title": f"{story.key} disk full", "dedup_key": story.key, "status": "resolved"}
        self._insist(story, "resolve", self._scene.teams[story.team].path, body, 0.2)

    def _acknowledge(self, story: Story, tries: int = 50) -> None:
        """Find the alert of the story's event, then acknowledge it."""
        status, facts = self._ask("GET", f"/api/v1/events/{story.event}/")
        alerts = facts.get("alerts") if status == 200 and isinstance(facts, dict) else None
        if alerts:
            path = f"/api/v1/alerts/{alerts[0]['id']}/acknowledge/"
            self._insist(story, "acknowledge", path, {}, 0.2)
        elif tries:
            self._later(0.4, lambda: self._acknowledge(story, tries - 1))
        else:
            self._journal.write("unknown alert", key=story.key, event=story.event, status=status)

    def _insist(
        self, story: Story, action: str, path: str, body: dict[str, Any], pause: float
    ) -> dict[str, Any] | None:
        """Try until it is taken. The journal has each try: when it began, what came back."""
        end = time.monotonic() + GIVE_UP
        while time.monotonic() < end:
            began = time.monotonic()
            status, facts = self._ask("POST", path, body)
            self._journal.write(
                action, key=story.key, team=story.team, status=status, began=began, facts=facts
            )
            if 200 <= status < 300:
                return facts if isinstance(facts, dict) else {}
            if status == 409:  # it is already so: an earlier try was taken, its answer lost
                return {}
            if 400 <= status < 500 and status != 429:
                self._journal.write("refused", key=story.key, action=action, status=status)
                return None
            time.sleep(pause)
        self._journal.write("gave up", key=story.key, action=action)
        return None

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Return status and JSON; 0 when the answer never came. One try, no retries."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            self._local.connection = connection
        headers = {"Content-Type": "application/json", "Authorization": self._scene.login}
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._local.connection = None
            return 0, None
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, None
