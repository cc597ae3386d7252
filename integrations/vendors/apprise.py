"""Apprise, and the many tools that notify by it: https://appriseit.com/services/json/

Its addresses json://, form:// and xml:// post a title, a message and a type: "failure",
"warning", "info" or "success"; the XML has other names inside an envelope. There is no key, so the
title is it, unless the address adds one: `?:dedup_key=backup`. A success closes.
Sample: integrations/samples/apprise.json
"""

from integrations.mapping import Vendor, choose, field, first
from integrations.phrases import others, phrase

_TYPE = field("type", "Body.Notification.MessageType")
_TYPES = {"success": "resolve", "failure": "trigger", "warning": "trigger", "info": "trigger"}
_TITLE = field("title", "Body.Notification.Subject")
_MESSAGE = field("message", "Body.Notification.Message")

apprise = Vendor(
    kind="apprise",
    label="Apprise",
    action=choose(_TYPE, _TYPES),
    dedup_key=first(
        field("dedup_key", "key", "Body.Notification.dedup_key", "Body.Notification.key"),
        phrase(lambda item, top: "title", _TITLE, by="/"),
    ),
    title=first(_TITLE, _MESSAGE),
    description=_MESSAGE,
    severity=choose(_TYPE, {"failure": "critical", "warning": "medium", "info": "info"}),
    details=others(
        "version", "title", "message", "type", "attachments", "dedup_key", "key", "body"
    ),
    tags=lambda item, top: None,
    setup="""\
Name this address to Apprise, or to the tool that uses it: the URL below with jsons:// (json:// for
http) instead of its beginning, and a key at its end, so that a success closes what a failure
opened:

    {url}?:dedup_key=backup

    apprise -n failure -t 'Backup failed' -b 'No space left' 'jsons://…/?:dedup_key=backup'
    apprise -n success -t 'Backup done' -b 'All is well' 'jsons://…/?:dedup_key=backup'
""",
    docs="https://appriseit.com/services/json/",
)
