"""Alerts that page once together: the words for it, and what makes two of them alike. Pure."""

from django.core.validators import MaxValueValidator

from alerts.states import urgency_of
from integrations import texts
from integrations.mapping import Draft
from integrations.routing import Grouping, Way

GROUP_BY = (
    "Fields, such as labels.cluster: alerts that are the same in all of them, go to the same "
    "people and are no less urgent, page once. Without fields all of them together."
)
GROUP_FOR = (
    "From the first alert of a group on, such as 10 min; 0: until that one is resolved. Empty: "
    "not grouped here."
)
A_DAY = MaxValueValidator(86_400, "A day at most.")


def bundle_of(grouping: Grouping, draft: Draft, way: Way) -> str:
    """Return the same short text for alerts that belong together.

    Loud and quiet ones never do: whoever is told quietly must not miss the loud one. Nor do those
    that go different ways: what one team is paged about, another has not heard of. Nor those that
    wait differently: what pages now must not follow what may page in an hour, or never.
    """
    goes = [str(part or "") for part in (way.group_id, way.assignee_id, way.policy_id)]
    if way.wait:
        goes.append(f"waits {way.wait}")
    said = [texts.words(draft.find(path, way.severity))[:500] for path in grouping.fields]
    return texts.digest(grouping.owner, urgency_of(way.severity), *goes, *said)[:32]
