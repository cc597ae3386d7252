"""System checks of scheduling: that the zones people hand over by are known to this machine."""

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register


@register
def zones(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without a time zone database every hand-off would be at the wrong hour, or none at all."""
    if "Europe/Berlin" in zoneinfo.available_timezones():
        return []
    return [
        Error(
            "This machine has no time zone database: hand-offs cannot be computed.",
            hint="Install tzdata (the system's package, or the one of PyPI).",
            id="schedules.E001",
        )
    ]
