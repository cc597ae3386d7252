"""What Twilio does on its own: signed status callbacks, and walking a call's TwiML."""

import heapq
import http.client
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from xml.etree import ElementTree as ET

from twilio.request_validator import RequestValidator

from tests.doubles.journal import Journal

TIMEOUT = 15.0  # as Twilio waits


class Post:
    """Signed POSTs over kept-alive connections, one set of connections per thread."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._local = threading.local()

    def __call__(
        self, url: str, form: Mapping[str, str], *, signed: bool = True
    ) -> tuple[int, str]:
        """Post a form as Twilio does and return status and body. Raises OSError, HTTPException."""
        clean, _, _ = url.partition("#")
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        headers["User-Agent"] = "TwilioProxy/1.1"
        if signed:
            headers["X-Twilio-Signature"] = self._validator.compute_signature(clean, dict(form))
        parts = urlsplit(clean)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = urlencode(form)
        for fresh in (False, True):
            connection = self._connection(parts.scheme, parts.netloc, fresh=fresh)
            try:
                connection.request("POST", target, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException):
                connection.close()
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def _connection(self, scheme: str, netloc: str, *, fresh: bool) -> http.client.HTTPConnection:
        pool = self._local.__dict__.setdefault("pool", {})
        if fresh or netloc not in pool:
            secure = scheme == "https"
            maker = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            pool[netloc] = maker(netloc, timeout=TIMEOUT)
        connection: http.client.HTTPConnection = pool[netloc]
        return connection


def retries(url: str) -> tuple[int, set[str]]:
    """Return how often and when to retry, from the connection overrides after `#`."""
    wishes = dict(parse_qsl(urlsplit(url).fragment))
    return int(wishes.get("rc", 1)), set(wishes.get("rp", "ct").split(","))


class Courier:
    """Worker threads that post callbacks when they are due, those of one sid in order."""

    def __init__(self, post: Post, journal: Journal, *, threads: int = 4) -> None:
        self._post, self._journal = post, journal
        self._queues = [_Queue() for _ in range(threads)]
        self._threads: list[threading.Thread] = []
        self._pending, self._quiet = 0, threading.Condition()
        self._starting = threading.Lock()

    def send(self, sid: str, due: float, url: str, form: dict[str, str]) -> None:
        """Post `form` to `url` at monotonic time `due`."""
        with self._starting:
            if not self._threads:
                for queue in self._queues:
                    worker = threading.Thread(target=self._work, args=(queue,), daemon=True)
                    worker.start()
                    self._threads.append(worker)
        with self._quiet:
            self._pending += 1
        self._queues[int(sid[-6:], 16) % len(self._queues)].put(due, url, form)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every callback so far was posted; False if that took too long."""
        with self._quiet:
            return self._quiet.wait_for(lambda: self._pending == 0, timeout)

    def stop(self) -> None:
        """Drop what is still to be posted."""
        for queue in self._queues:
            queue.stop()

    def _work(self, queue: "_Queue") -> None:
        while (job := queue.take()) is not None:
            try:
                self._deliver(*job)
            finally:
                with self._quiet:
                    self._pending -= 1
                    self._quiet.notify_all()

    def _deliver(self, url: str, form: dict[str, str]) -> None:
        left, policy = retries(url)
        while True:
            try:
                status = self._post(url, form)[0]
            except (OSError, http.client.HTTPException):
                status = 0
            again = (
                (status == 0 and policy & {"ct", "rt", "all"})
                or (status >= 500 and policy & {"5xx", "all"})
                or (400 <= status < 500 and policy & {"4xx", "all"})
            )
            if not again or left <= 0:
                break
            left -= 1
            time.sleep(0.25)
        state = form.get("MessageStatus") or form.get("CallStatus")
        sid = form.get("MessageSid") or form.get("CallSid")
        self._journal.write("callback", sid=sid, state=state, url=url, status=status)


class _Queue:
    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str, dict[str, str]]] = []
        self._count, self._stopped = 0, False
        self._changed = threading.Condition()

    def put(self, due: float, url: str, form: dict[str, str]) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._heap, (due, self._count, url, form))
            self._changed.notify()

    def take(self) -> tuple[str, dict[str, str]] | None:
        with self._changed:
            while not self._stopped:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    _, _, url, form = heapq.heappop(self._heap)
                    return url, form
                self._changed.wait(wait)
        return None

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()


@dataclass
class Walk:
    """What the person on the phone heard, and what the product answered to the keys."""

    said: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    gathered: bool = False  # a <Gather> was met, keys could be pressed
    hung_up: bool = False

    @property
    def words(self) -> str:
        """Return everything said, in order."""
        return " ".join(self.said)


def walk(post: Post, url: str, form: Mapping[str, str], digits: str, twiml: str = "") -> Walk:
    """Follow a call from its first TwiML; `digits` ("1", "1#", "" for none) go to the first
    <Gather>. A machine hears everything and presses nothing."""
    seen, keys = Walk(), digits
    params = dict(form)
    for _ in range(10):
        if not twiml:
            status, twiml = post(url, params)
            seen.statuses.append(status)
            if status >= 400:
                return seen
        url, params, keys = _follow(twiml, url, dict(form), keys, seen)
        if not url:
            return seen
        twiml = ""
    return seen


def _follow(
    twiml: str, url: str, form: dict[str, str], keys: str, seen: Walk
) -> tuple[str, dict[str, str], str]:
    """Read one document; return where the call goes next ("" = it is over)."""
    for verb in ET.fromstring(twiml):
        if verb.tag == "Say":
            seen.said.append("".join(verb.itertext()))
        elif verb.tag == "Gather":
            seen.gathered = True
            seen.said += ["".join(say.itertext()) for say in verb.iter("Say")]
            target = urljoin(url, verb.get("action") or url)
            if keys:
                return target, form | {"Digits": keys.rstrip("#")}, ""
            if verb.get("actionOnEmptyResult", "").lower() == "true":
                return target, form | {"Digits": ""}, ""
        elif verb.tag == "Redirect":
            return urljoin(url, (verb.text or "").strip()), form, keys
        elif verb.tag in {"Hangup", "Reject"}:
            seen.hung_up = True
            break
    return "", form, keys
