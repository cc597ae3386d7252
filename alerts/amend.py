"""What is added to an alert while it lasts: tags and details. Its state stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.models import Alert
from alerts.states import Kind
from alerts.timeline import Fact, record

MOST_TAGS, MOST_DETAILS = 20, 400


@dataclass(frozen=True, slots=True)
class Change:
    """What to add and what to take away. Texts must be fit to store and to show."""

    add_tags: Sequence[str] = ()
    drop_tags: Sequence[str] = ()
    add_details: Mapping[str, Any] = field(default_factory=dict)
    drop_details: Sequence[str] = ()
    title: str = ""
    description: str = ""


@transaction.atomic
def amend(alert_id: int, change: Change, *, now: datetime, note: str = "") -> Alert:
    """Change what an alert says about itself and put the note on its timeline.

    What is there already changes nothing. A tag beyond the twentieth is left out.
    """
    alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    kept = [tag for tag in alert.tags if tag not in change.drop_tags]
    alert.tags = list(dict.fromkeys([*kept, *change.add_tags]))[:MOST_TAGS]
    details = {**alert.details, **change.add_details}
    for name in change.drop_details:
        details.pop(name, None)
    alert.details = dict(list(details.items())[:MOST_DETAILS])
    alert.title = change.title or alert.title
    alert.description = change.description or alert.description
    alert.save(update_fields=["tags", "details", "title", "description"])
    if note:
        record([Fact(alert.pk, Kind.NOTED, now, None, {"via": "source", "note": note})])
    return alert
