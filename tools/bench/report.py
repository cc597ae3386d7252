"""The table: what was measured, the ratio to the limit, what was to be reached."""

import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.chaos_house import ROOT

LIMIT = "L"


@dataclass(frozen=True)
class Goal:
    """What a figure should reach, and what it would like to. `at_most`: less is better."""

    reach: float
    ambition: float
    at_most: bool = False

    def verdict(self, value: float) -> str:
        sign = -1 if self.at_most else 1
        if sign * value >= sign * self.ambition:
            return "ambition"
        return "reached" if sign * value >= sign * self.reach else "MISSED"


GOALS = {
    "accept / L": Goal(0.15, 0.25),
    "accept p99 ms": Goal(60, 25, at_most=True),
    "one key / distinct": Goal(0.8, 0.95),
    "alerts in bodies": Goal(3000, 8000),
    "first page at 2/s p50 ms": Goal(50, 10, at_most=True),
    "first page at 2/s p99 ms": Goal(200, 50, at_most=True),
    "first page at 50/s p50 ms": Goal(50, 10, at_most=True),
    "first page at 50/s p99 ms": Goal(200, 50, at_most=True),
    "pages": Goal(100, 400),
    "pages: CPU ms": Goal(20, 4, at_most=True),
    "storm, all queued s": Goal(10, 3, at_most=True),
    "spread, late p99 ms": Goal(250, 100, at_most=True),
    "dressed / L": Goal(0.15, 0.25),
    "dressed p99 ms": Goal(60, 25, at_most=True),
    "flood, neighbours' p99 / quiet": Goal(2, 1.3, at_most=True),
    "flood, pages to its group": Goal(1, 1, at_most=True),
    "flood of one key, neighbours' p99 / quiet": Goal(2, 1.3, at_most=True),
    "flood of one key, pages to its group": Goal(1, 1, at_most=True),
    "replayed a second": Goal(500, 2000),
    "on call, 1,000 groups ms": Goal(150, 75, at_most=True),
    "on call, queries": Goal(1, 1, at_most=True),
    "on call, one group ms": Goal(2, 1, at_most=True),
    "six layers, a year ms": Goal(30, 15, at_most=True),
    "memory at rest MB": Goal(450, 350, at_most=True),
    "memory in use MB": Goal(450, 350, at_most=True),
    "memory grown by 100,000 events %": Goal(5, 1, at_most=True),
}
RATES = ("accept", "dressed", "one key", "pages", "alerts in bodies")  # also told as shares of L
OLD = ", old"
SLOWER = 0.15  # what a large table may cost


@dataclass(frozen=True)
class Row:
    """One figure over all runs."""

    name: str
    least: float
    median: float
    most: float
    of_limit: float | None
    reach: float | None
    ambition: float | None
    verdict: str


def rows(samples: dict[str, list[float]]) -> list[Row]:
    """Sum up what was measured, in the order it was."""
    found = [_row(name, values, samples) for name, values in samples.items()]
    return found + [_against(name, samples) for name in samples if name + OLD in samples]


def _row(name: str, values: list[float], samples: dict[str, list[float]]) -> Row:
    plain = name.removesuffix(OLD)
    limits = samples.get(LIMIT + OLD if plain != name else LIMIT, [])
    of_limit = None
    if plain in RATES and len(limits) == len(values):
        of_limit = statistics.median(
            value / limit for value, limit in zip(values, limits, strict=True)
        )
    middle, goal = statistics.median(values), GOALS.get(plain)
    return Row(
        name,
        min(values),
        middle,
        max(values),
        of_limit,
        goal.reach if goal else None,
        goal.ambition if goal else None,
        goal.verdict(middle) if goal else "",
    )


def _against(name: str, samples: dict[str, list[float]]) -> Row:
    """Compare a figure with a large table to the same with an empty one."""
    shares = statistics.median(samples[name + OLD]) / statistics.median(samples[name])
    goal = GOALS.get(name)
    worse = 1 - shares if goal is None or not goal.at_most else shares - 1
    verdict = "" if goal is None else "MISSED" if worse > SLOWER else "reached"
    return Row(f"{name}, old / new", shares, shares, shares, None, None, None, verdict)


def table(found: list[Row]) -> str:
    """Return the table as text."""
    head = f"{'figure':36} {'min':>9} {'median':>9} {'max':>9} {'/ L':>6} {'reach':>8}"
    lines = [f"{head} {'ambition':>8}  verdict"]
    for row in found:
        of_limit = f"{row.of_limit:.3f}" if row.of_limit is not None else ""
        goal = [f"{value:g}" if value is not None else "" for value in (row.reach, row.ambition)]
        lines.append(
            f"{row.name:36} {_short(row.least):>9} {_short(row.median):>9} {_short(row.most):>9} "
            f"{of_limit:>6} {goal[0]:>8} {goal[1]:>8}  {row.verdict}"
        )
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def save(samples: dict[str, list[float]], found: list[Row]) -> Path:
    """Write everything below var/bench/ and return the file."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{time.strftime('%Y-%m-%d-%H%M%S')}.json"
    facts = {"samples": samples, "figures": [asdict(row) for row in found]}
    file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return file
