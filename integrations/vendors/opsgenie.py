"""Opsgenie: https://docs.opsgenie.com/docs/alert-api and https://docs.opsgenie.com/docs/webhook-integration

Two shapes are read: what a tool sends to Opsgenie's Alert API to create an alert, and what
Opsgenie's own webhook says about its alerts (`action` and `alert`), for a team that moves over
step by step. The alias is the key; an alert without one is told apart by its message, as there.
Sample: integrations/samples/opsgenie.json
"""

from typing import Any

from integrations.mapping import Vendor, choose, field

_ACTIONS = {
    "Create": "trigger",
    "Acknowledge": "acknowledge",
    "Close": "resolve",
    "Delete": "resolve",
    "UpdatePriority": "trigger",
}
_QUIET = (
    "UnAcknowledge", "AddNote", "AddTags", "RemoveTags", "AddRecipient", "AddTeam", "AddResponder",
    "AssignOwnership", "TakeOwnership", "Snooze", "SnoozeEnded", "Escalate", "EscalateNext",
    "UpdateMessage", "UpdateDescription", "AddDetails", "RemoveDetails", "AddAttachment",
    "RemoveAttachment", "CustomAction", "ExecuteCustomAction", "Seen",
)  # fmt: skip


def _details(item: Any, top: Any) -> dict[str, Any]:
    given = field("details", "alert.details")(item, top)
    shown = dict(given) if isinstance(given, dict) else {}
    for name in ("entity", "source", "user"):
        if value := field(name, f"alert.{name}")(item, top):
            shown.setdefault(name, value)
    if responders := _names(field("responders", "teams", "recipients")(item, top)):
        shown.setdefault("responders", responders)
    return shown


def _names(found: Any) -> str:
    """Responders by name, whichever way they are named."""
    if not isinstance(found, list):
        return ""
    entries = (
        next((each[key] for key in ("name", "username", "id") if each.get(key)), "")
        if isinstance(each, dict)
        else each
        for each in found[:20]
    )
    return ", ".join(entry for entry in entries if isinstance(entry, str) and entry)


opsgenie = Vendor(
    kind="opsgenie",
    label="Opsgenie Alert API",
    action=choose("action", {**_ACTIONS, **dict.fromkeys(_QUIET, "ignore")}, default="trigger"),
    dedup_key=field("alias", "alert.alias", "message", "alert.message"),
    title=field("message", "alert.message"),
    description=field("description", "alert.description"),
    severity=field("priority", "alert.priority"),
    details=_details,
    tags=field("tags", "alert.tags"),
    note=field("note", "alert.note"),
    setup="""\
In the tool that sends to Opsgenie, use this as the API key:

    {key}

and where it asks for the API URL (Opsgenie's own is https://api.opsgenie.com):

    {base}

The Alert API answers there as Opsgenie's does: create, acknowledge, close, snooze, assign,
escalate, notes, tags and details, by id, tiny id or alias.
""",
    docs="https://docs.opsgenie.com/docs/alert-api",
)
