"""Alerts that page once together: the words for it, and what makes two of them alike. Pure."""

from collections.abc import Sequence

from django.core.validators import MaxValueValidator

from alerts.states import urgency_of
from integrations import texts
from integrations.mapping import Draft

GROUP_BY = (
    "Fields, such as labels.cluster: alerts that are the same in all of them, and no less urgent, "
    "page once. Without fields all of them together."
)
GROUP_FOR = (
    "From the first alert of a group on, such as 10 min; 0: until that one is resolved. Empty: "
    "not grouped here."
)
A_DAY = MaxValueValidator(86_400, "A day at most.")


def bundle_of(owner: str, paths: Sequence[str], draft: Draft, severity: str) -> str:
    """Return the same short text for alerts that belong together.

    Loud and quiet ones never do: whoever is told quietly must not miss the loud one.
    """
    from_payload = [texts.words(draft.find(path, severity))[:500] for path in paths]
    return texts.digest(owner, urgency_of(severity), *from_payload)[:32]
