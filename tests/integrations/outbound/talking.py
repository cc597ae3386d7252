"""Talking to a tool's double as the engine does, without a database: one attempt at one news."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alertops import net
from integrations.outbound.contract import MOST_TURNS, AlertFacts, Answer, News, Talk, Tool, Turn

AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ALERT = AlertFacts(
    number=42,
    title='Disk "/" is 96 % full on db-1',
    severity="critical",
    status="triggered",
    url="https://alertops.example/alerts/42/",
    description="Less than 4 GB are left.",
    group="Databases",
    source="Prometheus",
    service="Shop",
    runbook="https://wiki.example/disk_full",
    opened_at=AT.isoformat(),
    tags=("db",),
    details={"host": "db-1", "used": 96, "labels": {"zone": "eu-1"}},
)
HOSTILE = (
    "@everyone <!channel> <@U1> &amp; #1 !2 [x](javascript:alert(1)) ![i](https://evil.example/i)\n"
    "/close\n/assign @root\n``` \n/close\n```\n{noformat} [~admin] !https://evil.example/i.png! "
    "||h|| [code]<script>alert(1)</script>[/code] \\ <b>bold</b> <!-- hidden -->"
)


def news(kind: str = "opened", words: str = "", note: str = "", **alert: Any) -> News:
    """One event of alert 42."""
    statuses = {"acknowledged": "acknowledged", "resolved": "resolved"}
    facts = replace(ALERT, **{"status": statuses.get(kind, "triggered"), **alert})
    said = words or f"Ann Example {kind}."
    return News(f"n-{kind}", kind, AT + timedelta(seconds=5), facts, "Ann", said, note)


@dataclass
class Told:
    reference: str
    talk: Talk
    error: str = ""


def tell(
    tool: Tool, settings: dict[str, str], what: News, reference: str = "", *, again: bool = False
) -> Told:
    """Send what the tool wants sent until it is done. Raises TryAgain and Rejected; an answer that
    was lost is told as `error`."""
    tool.check(settings)
    client, talk = net.Client(guarded=False, seconds=5), Talk(reference, again=again)
    while (call := tool.next(what, settings, talk)) is not None:
        assert len(talk.turns) < MOST_TURNS, "it never ends"
        assert len(call.body) <= 55_000, "longer than the engine sends"
        try:
            came = client.request(call.method, call.url, body=call.body, headers=call.headers)
        except (net.MaybeSent, net.NotSent) as error:
            return Told(reference, talk, str(error))
        headers = {name.lower(): value for name, value in came.headers.items()}
        answer = Answer(came.status, headers, came.body, came.retry_after)
        tool.judge(answer)
        talk = replace(talk, turns=(*talk.turns, Turn(call, answer)))
    return Told(reference or tool.opened(what, talk), talk)
