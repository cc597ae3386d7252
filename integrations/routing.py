"""Which route fits: ordered, the first one wins, the integration itself is the last. Pure.

Patterns are google-re2's: they take time in proportion to the text, whatever was written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import re2

from integrations import texts
from integrations.mapping import Draft, dig
from integrations.states import Operator

Test = Callable[[str], bool]
_OURS = {"title", "severity", "description", "dedup_key", "tags"}
_MOST, _PATH, _VALUE, _TEXT = 20, 200, 500, 8000


class BadCondition(Exception):
    """A condition that cannot be used; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of an alert or its payload, and what must be true of it."""

    name: str
    path: tuple[str, ...]
    test: Test

    def holds(self, draft: Draft, severity: str) -> bool:
        """Say whether it is true of what is there; of a list, whether it is of any element."""
        found = self._find(draft, severity)
        values = found if isinstance(found, list) else [found]
        return any(self.test(texts.words(value)[:_TEXT]) for value in values[:100])

    def _find(self, draft: Draft, severity: str) -> Any:
        if self.name == "severity":
            return severity
        if self.name in _OURS:
            return getattr(draft, self.name)
        return dig(draft.item, self.path)


@dataclass(frozen=True, slots=True)
class Rule:
    """A route as the inbox uses it."""

    id: int
    name: str
    conditions: tuple[Condition, ...]
    group_id: int | None = None
    assignee_id: int | None = None
    policy_id: int | None = None
    severity: str = ""
    drop: bool = False

    def fits(self, draft: Draft, severity: str) -> bool:
        return all(condition.holds(draft, severity) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Way:
    """Where an alert goes and what decided it."""

    group_id: int | None
    assignee_id: int | None
    policy_id: int | None
    severity: str
    drop: bool = False
    route_id: int | None = None
    routed_by: str = "integration"
    policy_by: str = "group"


def choose(rules: Sequence[Rule], default: Way, draft: Draft) -> Way:
    """Return the way of the first rule that fits, else `default`.

    A route without a group or person keeps the integration's; one without a policy too.
    """
    severity = draft.severity or default.severity
    for rule in rules:
        if rule.fits(draft, severity):
            break
    else:
        return Way(
            default.group_id,
            default.assignee_id,
            default.policy_id,
            severity,
            policy_by="integration" if default.policy_id else "group",
        )
    has_target = rule.group_id is not None or rule.assignee_id is not None
    policy_by = "route" if rule.policy_id else "integration" if default.policy_id else "group"
    return Way(
        rule.group_id if has_target else default.group_id,
        rule.assignee_id if has_target else default.assignee_id,
        rule.policy_id or default.policy_id,
        rule.severity or severity,
        rule.drop,
        rule.id,
        rule.name,
        policy_by,
    )


def compiled(conditions: Any) -> tuple[Condition, ...]:
    """Return conditions ready for use. Raises BadCondition with one sentence."""
    if not isinstance(conditions, list):
        raise BadCondition("Conditions are a list.")
    if len(conditions) > _MOST:
        raise BadCondition(f"A route has at most {_MOST} conditions.")
    return tuple(_compiled(_canonical(each)) for each in conditions)


def _canonical(condition: Any) -> str:
    """Return one condition as canonical text, so that compiling it can be remembered."""
    if not isinstance(condition, dict):
        raise BadCondition("A condition is an object with field, operator and value.")
    wanted = {name: condition.get(name, "") for name in ("field", "operator", "value")}
    if not all(isinstance(value, (str, int, float)) for value in wanted.values()):
        raise BadCondition("Field, operator and value of a condition are texts.")
    return orjson.dumps({name: str(value) for name, value in wanted.items()}).decode()


@lru_cache(maxsize=4096)
def _compiled(canonical: str) -> Condition:
    condition: dict[str, str] = orjson.loads(canonical)
    name, operator, value = condition["field"], condition["operator"], condition["value"]
    if not name.strip() or len(name) > _PATH:
        raise BadCondition("A condition needs a field, such as labels.team.")
    if operator not in Operator.values:
        words = ", ".join(Operator.values)
        raise BadCondition(f"{operator or 'Nothing'} is not an operator; choose one of {words}.")
    if len(value) > _VALUE:
        raise BadCondition(f"A value has at most {_VALUE} characters.")
    if not value and operator != Operator.EXISTS:
        raise BadCondition(f"The condition on {name} needs a value.")
    path = tuple(name.strip().lstrip("/").split("."))
    return Condition(name.strip(), path, test_of(Operator(operator), value))


@lru_cache(maxsize=4096)
def test_of(operator: Operator, value: str) -> Test:
    """Return the test of a text that an operator and a value mean. Raises BadCondition."""
    wanted = value.casefold()
    if operator is Operator.EXISTS:
        return lambda text: text != ""
    if operator is Operator.EQUALS:
        return lambda text: text.casefold() == wanted
    if operator is Operator.CONTAINS:
        return lambda text: wanted in text.casefold()
    if operator is Operator.STARTS:
        return lambda text: text.casefold().startswith(wanted)
    return _matcher(value)


def _matcher(pattern: str) -> Test:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be read"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadCondition(f"{pattern} is not a pattern: {reason}.") from None

    def test(text: str) -> bool:
        return found.search(text.encode("utf-8", "replace").decode()) is not None

    return test
