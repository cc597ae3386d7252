"""Strict readers for environment variables: nonsense stops the start with one clear sentence."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def load_file(path: Path) -> None:
    """Read NAME=value lines of a `.env` file into the environment; what is set already wins."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ImproperlyConfigured(f"{path.name} line {number} is not NAME=value.")
        os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def env_str(name: str, default: str = "", *, environ: Mapping[str, str] = os.environ) -> str:
    """Return the variable, or `default` where it is unset or empty."""
    return environ.get(name, "").strip() or default


def env_bool(name: str, default: bool = False, *, environ: Mapping[str, str] = os.environ) -> bool:
    """Return a yes/no variable. Raises ImproperlyConfigured on anything else."""
    value = environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return value in _TRUE


def env_int(
    name: str,
    default: int,
    *,
    least: int = 0,
    most: int | None = None,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Return a whole number between `least` and `most`. Raises ImproperlyConfigured otherwise."""
    value = environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ImproperlyConfigured(f"{name} must be {limits}, not {number}.")
    return number


def env_list(name: str, *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    return [part.strip() for part in environ.get(name, "").split(",") if part.strip()]


def env_url(name: str, *, environ: Mapping[str, str] = os.environ) -> str:
    """Return an http(s) address, or "" where it is unset. Raises ImproperlyConfigured otherwise."""
    value = environ.get(name, "").strip()
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ImproperlyConfigured(f"{name} must be an http(s) address, not {value!r}.")
    return value
