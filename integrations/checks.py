"""What is wrong with the vendors' files, said before anything starts."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from integrations import samples
from integrations.steps import fill
from integrations.vendors import VENDORS


@register()
def vendors_are_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every vendor has its golden samples, and its set-up text can be filled in."""
    found: list[CheckMessage] = []
    for kind, vendor in VENDORS.items():
        try:
            samples.request(samples.firing(kind))
        except (OSError, ValueError, LookupError):
            found.append(
                Error(
                    f"The vendor {kind} has no sample that can be read.",
                    hint=f"Add integrations/samples/{kind}.json.",
                    id="integrations.E001",
                )
            )
        try:
            fill(vendor.setup, "", "", "")
        except (LookupError, ValueError):
            found.append(
                Error(
                    f"The set-up text of the vendor {kind} has a stray brace.",
                    hint="Write {{ and }} for literal braces.",
                    id="integrations.E002",
                )
            )
    return found
