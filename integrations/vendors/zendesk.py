"""Zendesk: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/

Two ways: a webhook of a trigger sends the customer's template, ours is below; a webhook of events
sends its own ("zen:event-type:ticket.status_changed") with the ticket in `detail`; a template that
was made for Grafana OnCall has it in `ticket`. Who waits for
the customer or a third party has the ticket in hand. Comments, tags and assignments are no alerts.
Sample: integrations/samples/zendesk.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase, unfilled
from integrations.vocabulary import IGNORE, Words

_STATES = {
    "new": "trigger",
    "open": "trigger",
    "pending": "acknowledge",
    "hold": "acknowledge",
    "on-hold": "acknowledge",
    "solved": "resolve",
    "closed": "resolve",
    "deleted": "resolve",
}
_EVENTS = ("ticket.created", "ticket.status_changed", "ticket.priority_changed")
_absent = unfilled(r"\{\{[^{}]*\}\}|-")


def _of(name: str) -> Any:
    """A field of the ticket, wherever it stands."""
    return field(f"detail.{name}", f"ticket.{name}", name)


_ID = first(_of("id"), field("ticket_id"))


def _other(item: Any, top: Any) -> str:
    kind = texts.words(field("type")(item, top))
    if not kind.startswith("zen:event-type:"):
        return ""
    return "" if kind.removeprefix("zen:event-type:") in _EVENTS else IGNORE


def _link(item: Any, top: Any) -> str:
    """A ticket's address comes without its scheme."""
    found = texts.words(field("link", "ticket.url")(item, top)).strip()
    return f"https://{found}" if found and "://" not in found else found


def _tags(item: Any, top: Any) -> list[str]:
    """A template writes them with blanks between, an event as a list."""
    found = _of("tags")(item, top)
    if isinstance(found, list):
        return [texts.words(tag) for tag in found]
    return texts.words(found)[:2000].replace(",", " ").split()


zendesk = Vendor(
    kind="zendesk",
    label="Zendesk",
    action=first(_other, choose(_of("status"), _STATES)),
    dedup_key=_ID,
    title=phrase(
        phrase(lambda item, top: "Ticket", _ID, by=" "),
        field("detail.subject", "ticket.title", "ticket.subject", "title", "subject"),
    ),
    description=_of("description"),
    severity=_of("priority"),
    details=table(
        "requester",
        "organization",
        "assignee",
        "via",
        group="group",
        channel="detail.via.channel",
        kind="detail.type",
    ),
    tags=_tags,
    absent=_absent,
    links=(("Zendesk", _link),),
    words=Words(severities={"urgent": "critical", "high": "high", "normal": "medium"}),
    setup="""\
In Zendesk open Admin Center → Apps and integrations → Webhooks → Create webhook → Trigger or
automation, method POST, format JSON, and paste:

    {url}

Then in Objects and rules → Triggers create two: one for tickets that should page, one for tickets
whose status changed to Solved. Both notify the webhook with this body:

    {{
      "id": "{{{{ticket.id}}}}", "title": "{{{{ticket.title}}}}", "status": "{{{{ticket.status}}}}",
      "priority": "{{{{ticket.priority}}}}", "link": "{{{{ticket.link}}}}",
      "requester": "{{{{ticket.requester.name}}}}", "group": "{{{{ticket.group.name}}}}",
      "organization": "{{{{ticket.organization.name}}}}", "via": "{{{{ticket.via}}}}",
      "tags": "{{{{ticket.tags}}}}"
    }}
""",
    docs="https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/",
)
