"""JMESPath for integrations whose payload nobody foresaw: compiled at save, boxed at run time.

JMESPath has no loops, but `[@,@][]|[@,@][]|…` doubles with every step. So each visit of a node and
each element of a result is paid for from a fixed purse; when it is empty the expression fails and
the default mapping is used instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import Options, functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

from integrations import texts

LONGEST = 500
PURSE = 50_000
_LARGEST = 1_100_000
_SELECTS = 4  # nested multi-selects grow like powers and are compared element by element
FIELDS = {
    "title": "Title",
    "severity": "Severity",
    "action": "Action",
    "dedup_key": "Deduplication key",
    "description": "Description",
    "link": "Link",
}


class BadExpression(Exception):
    """An expression that cannot be used; the text says why."""


class _TooMuch(Exception):
    pass


class _Functions(functions.Functions):
    """The two functions whose single call could outgrow memory, bounded before they work."""

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, by: str, parts: list[str]) -> str:
        if len(by) * len(parts) + sum(map(len, parts)) > _LARGEST:
            raise _TooMuch
        return by.join(parts)

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return texts.words(value)


class _Boxed(TreeInterpreter):
    """Walks an expression while there is something left to spend."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=_Functions()))
        self.left = PURSE

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        result = super().visit(node, *args, **kwargs)
        size = len(result) if isinstance(result, (str, list, dict)) else 0
        self.left -= 1 + size // 16
        if self.left < 0 or size > _LARGEST:
            raise _TooMuch
        return result


@lru_cache(maxsize=1024)
def compiled(expression: str) -> ParsedResult:
    """Return the parsed expression. Raises BadExpression with one sentence."""
    if len(expression) > LONGEST:
        raise BadExpression(f"An expression has at most {LONGEST} characters.")
    try:
        parsed = jmespath.compile(expression)
        selects = _count(parsed.parsed)
    except JMESPathError as error:
        reason = str(error).splitlines()[0].rstrip(".:")
        raise BadExpression(f"This is not a JMESPath expression: {reason}.") from None
    except RecursionError:
        raise BadExpression("This expression is nested too deeply.") from None
    if selects > _SELECTS:
        raise BadExpression(f"An expression has at most {_SELECTS} lists or hashes of its own.")
    return parsed


def _count(node: Any) -> int:
    own = node["type"] in {"multi_select_list", "multi_select_dict"}
    return own + sum(_count(child) for child in node["children"] if isinstance(child, dict))


def evaluate(expression: str, value: Any) -> Any:
    """Return what the expression finds. Raises BadExpression whatever goes wrong."""
    parsed = compiled(expression)
    try:
        return _Boxed().visit(parsed.parsed, value)
    except _TooMuch:
        raise BadExpression("The expression takes too much work on this payload.") from None
    except (JMESPathError, ArithmeticError, AttributeError, LookupError) as error:
        raise BadExpression(texts.line(str(error), 200) or type(error).__name__) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise BadExpression(texts.line(str(error), 200) or type(error).__name__) from None


def check(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field whose expression cannot be used."""
    wrong = {}
    for name, expression in mapping.items():
        if name not in FIELDS:
            wrong[name] = f"{name} is not a field that can be mapped."
            continue
        try:
            compiled(expression)
        except BadExpression as error:
            wrong[name] = str(error)
    return wrong


@dataclass(frozen=True)
class Overrides:
    """The expressions somebody wrote for one integration, by field."""

    expressions: Mapping[str, str]

    def apply(self, item: Any, remarks: list[str]) -> dict[str, str]:
        """Return what each expression finds, as text; what fails is remarked on and left out."""
        found = {}
        for name, expression in self.expressions.items():
            try:
                found[name] = said(name, evaluate(expression, item))
            except BadExpression as error:
                remarks.append(f"the mapping of {name} failed: {error}")
        return {name: text for name, text in found.items() if text}


def said(name: str, found: Any) -> str:
    """Return what an expression found, as text; "" where that says nothing.

    A list of one is what is in it: filters find lists. A key of which nothing was there ("/", true)
    would make one alert of everything.
    """
    if isinstance(found, list) and len(found) == 1 and name != "dedup_key":
        found = found[0]
    inner = found.values() if isinstance(found, dict) else found
    if isinstance(found, (list, dict)) and all(each in _NOTHING for each in inner):
        return ""
    text = texts.words(found).strip()
    if name == "dedup_key" and (isinstance(found, bool) or not any(map(str.isalnum, text))):
        return ""
    return text


_NOTHING: tuple[Any, ...] = (None, "", [], {})
