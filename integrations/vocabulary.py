"""Their words for how bad it is and what happened, and ours: the one place that maps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TRIGGER, ACKNOWLEDGE, RESOLVE, IGNORE = "trigger", "acknowledge", "resolve", "ignore"

# PagerDuty's critical / error / warning / info, Opsgenie's P1-P5, GitLab's S1-S4, syslog's levels
# and what tools say besides. A word that is not here counts as the integration's default.
_SEVERITIES = {
    "critical": "critical crit fatal emergency emerg panic disaster page blocker severe urgent"
    " p0 p1 s1 sev0 sev1 1 0 red down high-critical catastrophic immediate",
    "high": "high error err major alert p2 s2 sev2 2 important failure failed",
    "medium": "medium moderate warning warn average p3 s3 sev3 3 normal yellow amber degraded",
    "low": "low minor notice p4 s4 sev4 4 trivial cosmetic",
    "info": "info information informational debug none ok p5 s5 sev5 5 green trace success",
}
_ACTIONS = {
    RESOLVE: "resolve resolved ok okay recovered recovery recover close closed clear cleared up"
    " normal inactive success successful succeeded fixed healthy passing passed green completed"
    " restored ended end back_to_normal online solved",
    ACKNOWLEDGE: "acknowledge acknowledged ack acked",
    IGNORE: "ignore",
}
MEASURED = (
    r"\b(?:rates?|ratio|errors|failures|exceptions|latency|usage|utili[sz]ation|load|cpu|memory"
    r"|time|traffic|temperature|costs?|backlog|lag|delays?|requests|retries|timeouts|loss)"
    r"(?:\s(?:on|of|for|at|in|to|from)\s[^:;,]{1,60})?"
)
"""A pattern: of what is measured, "is up" is bad news. Written "is UP" it is a monitor's state."""


def _table(words: Mapping[str, str]) -> dict[str, str]:
    return {word: ours for ours, theirs in words.items() for word in theirs.split()}


@dataclass(frozen=True)
class Words:
    """How one tool speaks, on top of what all of them have in common."""

    severities: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)

    def severity(self, word: str) -> str:
        """Return our severity, or "" for a word nobody knows."""
        word = _plain(word)
        return self.severities.get(word) or _KNOWN_SEVERITIES.get(word, "")

    def action(self, word: str) -> str:
        """Return what a word asks for. A word nobody knows triggers: rather a page too many."""
        word = _plain(word)
        return self.actions.get(word) or _KNOWN_ACTIONS.get(word, TRIGGER)


def _plain(word: str) -> str:
    return word.strip().lower().replace(" ", "_")


_KNOWN_SEVERITIES = _table(_SEVERITIES)
_KNOWN_ACTIONS = _table(_ACTIONS)
COMMON = Words()
