"""The signing key of an installation that was not given one: made once, kept in `var/`."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def _signing_key() -> str:
    return secrets.token_urlsafe(64)


def stored_key(path: Path, *, make: Callable[[], str] = _signing_key) -> str:
    """Return the key kept at `path`, making it (readable by its owner only) the first time."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except PermissionError:
        raise ImproperlyConfigured(f"{path} cannot be read by this user.") from None
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.touch(mode=0o600)
    except OSError as error:
        text = (
            f"{path.parent} cannot be written ({error.strerror}): set VAR_DIR to a folder that can."
        )
        raise ImproperlyConfigured(text) from None
    fresh.write_text(make(), encoding="utf-8")
    try:
        os.link(fresh, path)  # two processes starting at once: the first one's key wins
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="utf-8").strip()
