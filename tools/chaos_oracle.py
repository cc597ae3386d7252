"""The judge: reads the three journals nobody under test can write, and asks the database only
whether its promises hold."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles import journal
from tools.chaos_house import House
from tools.chaos_scene import Scene

KEY = re.compile(r"(?:chaos|probe)-\d+-[\w ]+?(?= disk full)")
PATIENCE = 30.0  # silence for longer is counted, also where a recovery then excused it
GRACE = 2.0  # a message on its way when the acknowledgement was committed

# Each must find nothing, at every moment of the run and at its end.
PROMISES = {
    "a triggered alert nobody will look at": (
        "SELECT id FROM alerts_alert WHERE status = 'triggered' AND wake_at IS NULL"
    ),
    "an alert overdue for more than 60 s": (
        "SELECT id FROM alerts_alert WHERE wake_at < clock_timestamp() - interval '60 s'"
    ),
    "a notification unsent 60 s after it was due": (
        "SELECT n.id FROM escalation_notification n JOIN alerts_alert a ON a.id = n.alert_id"
        " WHERE n.state IN ('pending', 'unknown', 'sending') AND a.epoch = n.epoch"
        " AND a.status = 'triggered' AND n.due_at < clock_timestamp() - interval '60 s'"
    ),
    "a notification that expired": (
        "SELECT id FROM escalation_notification WHERE state = 'expired'"
    ),
    "two open alerts of one key": (
        "SELECT min(id) FROM alerts_alert WHERE status <> 'resolved'"
        " GROUP BY source_id, dedup_key HAVING count(*) > 1"
    ),
}
# Promises about the past; asked once, at the end.
LAST = {
    "an event never worked off": (
        "SELECT id FROM integrations_inboundevent WHERE processed_at IS NULL"
    ),
}


MADE = (
    "SELECT a.dedup_key, extract(epoch FROM max(n.created_at))::float8"
    " FROM escalation_notification n JOIN alerts_alert a ON a.id = n.alert_id"
    " WHERE n.accepted_at IS NOT NULL GROUP BY 1"
)
"""The last page that was made and left, of each alert. Instants are those of this one machine."""


@dataclass
class Verdict:
    """What the journals say."""

    alerts: int = 0
    pages: int = 0
    lost: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)  # accepted after the acknowledgement was known
    rowless: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)  # pages to people who were not to be paged
    needless: int = 0  # recovered before anybody was paged
    silent: int = 0  # of them, those that waited longer than PATIENCE
    delays: list[float] = field(default_factory=list)  # event accepted -> first page accepted

    @property
    def doubled_percent(self) -> float:
        """Return the share of pages that were accepted once too often."""
        return 100.0 * len(self.doubles) / self.pages if self.pages else 0.0


class Pages:
    """What the provider accepted, by alert key and number."""

    def __init__(self, paths: list[Path]) -> None:
        self.at: dict[tuple[str, str], list[float]] = defaultdict(list)
        topics: set[str] = set()
        for line in (line for path in paths for line in journal.read(path, "accepted")):
            if topic := line.get("topic"):
                if topic in topics:  # the browser shows the second in place of the first
                    continue
                topics.add(topic)
            text, to = heard(line)
            for key in dict.fromkeys(KEY.findall(text)):
                self.at[key, to].append(line["mono"])


def heard(line: dict[str, Any]) -> tuple[str, str]:
    """The words of an accepted message or call, and whom it went to."""
    if line["kind"] == "push":
        return str(line["payload"]), str(line["subscription"])
    return str(line["body"]), str(line["to"])


def judge(
    house: House, scene: Scene, answers: Path, accepted: list[Path], samples: list[str]
) -> Verdict:
    """Compare what was promised to the senders with what people got."""
    pages, verdict = Pages(accepted), Verdict(broken=list(samples))
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in journal.read(answers):
        if "key" in line:
            lines[line["key"]].append(line)
        elif line["what"] == "bug":
            verdict.broken.append(f"the chaos tool failed: {line['error']}")
    for key, story in lines.items():
        _judge_one(key, story, scene, pages, verdict)
    known = set(lines)
    verdict.strangers += [f"{key} to {to}" for key, to in pages.at if key not in known]
    verdict.rowless = _rowless(house, lines)
    verdict.broken += _made_too_late(house, lines)
    for words, sql in {**PROMISES, **LAST}.items():
        rows = house.query(sql)
        if rows is None or rows:
            verdict.broken.append(f"{words}: {'?' if rows is None else [r[0] for r in rows[:5]]}")
    return verdict


def _judge_one(
    key: str, story: list[dict[str, Any]], scene: Scene, pages: Pages, verdict: Verdict
) -> None:
    taken = [line for line in story if line["what"] == "trigger" and line["status"] == 202]
    if not taken:
        return
    verdict.alerts += 1
    team = scene.teams[taken[0]["team"]]
    accepted_at = min(line["mono"] for line in taken)
    ends = [line for line in story if line["what"] in {"acknowledge", "resolve"}]
    quiet = min((line["began"] for line in ends), default=None)
    for level, number in enumerate((team.primary, team.secondary)):
        times = sorted(pages.at.get((key, number), []))
        verdict.pages += len(times[:1])
        verdict.doubles += [f"{key} to {number}"] * (len(times) - 1)
        if level == 0 and times:
            verdict.delays.append(times[0] - accepted_at)
        if not times and quiet is None:
            verdict.lost.append(f"{key}, level {level + 1}")
        elif not times and level == 0:
            verdict.needless += 1
            verdict.silent += (quiet or 0.0) > accepted_at + PATIENCE
    for to in (number for found, number in pages.at if found == key):
        if to not in {team.primary, team.secondary}:
            verdict.strangers.append(f"{key} to {to}")
    done = [line["mono"] for line in ends if line["status"] in {200, 201, 202}]
    if done and ends[0]["what"] == "acknowledge":
        latest = max(max(pages.at.get((key, n), [0.0])) for n in (team.primary, team.secondary))
        if latest > min(done) + GRACE:
            verdict.late.append(f"{key}, {latest - min(done):.1f} s after")


def _rowless(house: House, lines: dict[str, list[dict[str, Any]]]) -> list[int]:
    """Return the events that were answered 202 and are not in the database."""
    promised = {
        int(line["facts"]["event"])
        for story in lines.values()
        for line in story
        if line.get("status") == 202 and line.get("facts")
    }
    rows = house.query("SELECT id FROM integrations_inboundevent") or []
    return sorted(promised - {int(row[0]) for row in rows})


def _made_too_late(house: House, lines: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return alerts for which a page was made when the acknowledgement was already answered."""
    made = {str(key): float(at) for key, at in house.query(MADE) or []}
    # A refusal has facts as well: only a 200 says that the acknowledgement stands.
    acknowledged = {
        key: [line["at"] for line in story if line["what"] == "acknowledge" and _stands(line)]
        for key, story in lines.items()
    }
    known = {key: min(times) for key, times in acknowledged.items() if times}
    return [
        f"a page of {key} was made after its answer"
        for key in known
        if made.get(key, 0) > known[key]
    ]


def _stands(line: dict[str, Any]) -> bool:
    return line["status"] == 200 and bool(line["facts"])


def unfinished(scene: Scene, answers: Path, accepted: list[Path]) -> list[str]:
    """Return alerts nobody has answered whose people were not all paged yet."""
    pages, open_keys = Pages(accepted), {}
    for line in journal.read(answers):
        if line["what"] == "trigger" and line["status"] == 202:
            open_keys[line["key"]] = scene.teams[line["team"]]
    for line in journal.read(answers):
        if line["what"] in {"acknowledge", "resolve"}:
            open_keys.pop(line["key"], None)
    return [
        key
        for key, team in open_keys.items()
        if (key, team.primary) not in pages.at or (key, team.secondary) not in pages.at
    ]


def by_kind(faults: Path) -> Counter[str]:
    """Count the deaths."""
    return Counter(line["kind"] for line in journal.read(faults, "fault"))
