"""Which route fits: ordered, the first one wins, the integration itself is the last. Pure.

Patterns are google-re2's: they take time in proportion to the text, whatever was written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson
import re2

from integrations import texts
from integrations.mapping import Draft
from integrations.states import Operator

Test = Callable[[str], bool]
NO_TOPICS: Mapping[str, int] = MappingProxyType({})
_MOST, _PATH, _VALUE, _TEXT = 20, 200, 500, 8000


class BadCondition(Exception):
    """A condition that cannot be used; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of an alert or its payload, and what must be true of it."""

    name: str
    test: Test

    def holds(self, draft: Draft, severity: str) -> bool:
        """Say whether it is true of what is there; of a list, whether it is of any element."""
        found = draft.find(self.name, severity)
        values = found if isinstance(found, list) else [found]
        return any(self.test(texts.words(value)[:_TEXT]) for value in values[:100])


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which alerts page once together, and for how long; 0 seconds: until the first is resolved."""

    owner: str
    fields: tuple[str, ...]
    seconds: int


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
    by_topic: bool = False
    wait: int = 0
    tags: tuple[str, ...] = ()
    grouping: Grouping | None = None
    opens_incident: bool = False

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
    wait: int = 0
    tags: tuple[str, ...] = ()
    grouping: Grouping | None = None
    opens_incident: bool = False


def choose(
    rules: Sequence[Rule], default: Way, draft: Draft, topics: Mapping[str, int] = NO_TOPICS
) -> Way:
    """Return the way of the first rule that fits, else `default`. `topics`: whose each one is.

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
            grouping=default.grouping,
        )
    group_id, assignee_id = rule.group_id, rule.assignee_id
    if rule.by_topic:
        owner = next((topics[each] for each in draft.topics() if each in topics), None)
        group_id, assignee_id = (owner, None) if owner is not None else (group_id, assignee_id)
    if group_id is None and assignee_id is None:
        group_id, assignee_id = default.group_id, default.assignee_id
    policy_by = "route" if rule.policy_id else "integration" if default.policy_id else "group"
    return Way(
        group_id,
        assignee_id,
        rule.policy_id or default.policy_id,
        rule.severity or severity,
        rule.drop,
        rule.id,
        rule.name,
        policy_by,
        rule.wait,
        rule.tags,
        rule.grouping or default.grouping,
        rule.opens_incident,
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
    return Condition(name.strip(), test_of(Operator(operator), value))


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
