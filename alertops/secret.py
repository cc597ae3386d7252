"""The signing key of an installation that was not given one: made once, kept in `var/`."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _signing_key() -> str:
    return secrets.token_urlsafe(64)


def stored_key(path: Path, *, make: Callable[[], str] = _signing_key) -> str:
    """Return the key kept at `path`, making it (readable by its owner only) the first time."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(make(), encoding="utf-8")
    try:
        os.link(fresh, path)  # two processes starting at once: the first one's key wins
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="utf-8").strip()
