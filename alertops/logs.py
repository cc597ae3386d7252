"""Structured logs without secrets: JSON lines in production, plain lines on a terminal.

What may appear is listed, not what may not: the message, the exception and the fields of FIELDS.
Inside their text, everything that looks like a key, token, address or phone number is masked.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    "alert", "attempt", "channel", "count", "event", "group", "integration", "kind", "loop",
    "method", "notification", "outcome", "run", "seconds", "status",
)  # fmt: skip
MASK = "•••"
LONGEST = 8000

_RULES: list[tuple[re.Pattern[str], str]] = [
    # What comes after these words in a path is a capability.
    (
        re.compile(
            r"(/integrations/|/a/|/reply/|/verify/|/unsubscribe/|/ical/|/calendars?/)(?!new/)[\w.:%~+=-]{8,}"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(/channels/[\w-]+/[\w-]+/)[\w.:%~+=-]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(basic|bearer|geniekey|token)\s+[\w.:~+/=-]{6,}"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)([\"']?\b[\w-]*(?:api_?key|authorization|auth_?token|cookie|passw(?:or)?d|private_?key|"
            r"routing_?key|secret(?:_?key)?|session(?:id)?|signature|token)[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    (re.compile(r"\b(DETAIL|CONTEXT|HINT):.*"), rf"\1: {MASK}"),  # PostgreSQL repeats people's data
    (re.compile(r"(?<![\w.:+-])\+\d[\d ().-]{6,18}\d"), MASK),
    (re.compile(r"(?<![\w.:-])\d{9,15}(?![\w:-])"), MASK),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{28,}"), MASK),
]


def redact(text: str) -> str:
    """Return `text` with everything masked that could open a door or name a person. Idempotent."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class _Formatter(logging.Formatter):
    """Shared by both shapes: message and exception, redacted, on one line's worth of escaping."""

    def said(self, record: logging.LogRecord) -> str:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        return redact(text[:LONGEST])

    def raised(self, record: logging.LogRecord) -> str:
        return redact(self.formatException(record.exc_info)[-LONGEST:]) if record.exc_info else ""

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        found = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        plain = (int, float, bool, type(None))
        return {k: v if isinstance(v, plain) else redact(str(v)[:200]) for k, v in found.items()}

    def at(self, record: logging.LogRecord) -> datetime:
        return datetime.fromtimestamp(record.created, UTC)


class JsonFormatter(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.at(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.said(record),
            "process": record.process,
            **self.fields(record),
        }
        if raised := self.raised(record):
            line["exception"] = raised
        return json.dumps(line, ensure_ascii=False)


class TerminalFormatter(_Formatter):
    """A line for people; no control characters, so nobody writes into somebody's terminal."""

    def format(self, record: logging.LogRecord) -> str:
        text = "".join(c if c.isprintable() else " " for c in self.said(record))
        fields = "".join(f" {name}={value}" for name, value in self.fields(record).items())
        line = f"{self.at(record):%H:%M:%S} {record.levelname:<7} {record.name}: {text}{fields}"
        raised = self.raised(record)
        return f"{line}\n{raised}" if raised else line


def config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error, in the shape that suits it."""
    formatter = TerminalFormatter if sys.stderr.isatty() else JsonFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"level": "ERROR"},  # a 404 is not worth a line; the metrics count it
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.utils.autoreload": {"level": "WARNING"},
            "django-q": {"level": "WARNING"},
            "apprise": {"level": "ERROR"},  # its addresses are secrets
            "twilio": {"level": "WARNING"},
            "urllib3": {"level": "ERROR"},
            "requests": {"level": "WARNING"},
        },
    }
