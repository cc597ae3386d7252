"""Static files with the hash of their content in their name: cached for ever, never stale."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Falls back to the plain name where `collectstatic` has not run (tests, a first look)."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name


def collect() -> None:
    """Collect the static files, unless nothing has changed since the last time: it takes seconds
    of compressing, and a house should open quickly."""
    root = Path(settings.STATIC_ROOT)
    stamp, fingerprint = root / "collected", _fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint, encoding="ascii")


def _fingerprint() -> str:
    """What the files depend on: our own, and the packages that bring theirs."""
    found = hashlib.sha256((settings.BASE_DIR / "requirements.lock").read_bytes())
    for app in ["static", *(f"{name}/static" for name in ["alertops", *settings.OWN_APPS])]:
        for path in sorted((settings.BASE_DIR / app).rglob("*")):
            facts = path.stat()
            found.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return found.hexdigest()
