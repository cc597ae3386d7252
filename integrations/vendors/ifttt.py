"""IFTTT: https://ifttt.com/maker_webhooks ("Make a web request")

The body is the customer's; ours is the one below. What was made for IFTTT's own incoming webhooks,
`value1` to `value3`, is understood too: many gadgets can send nothing else.
Sample: integrations/samples/ifttt.json
"""

from integrations.mapping import Vendor, field, first
from integrations.phrases import others, phrase, unfilled

_absent = unfilled(r"\{\{\w*\}\}|<<<.*>>>")

ifttt = Vendor(
    kind="ifttt",
    label="IFTTT",
    action=field("status", "action"),
    dedup_key=field("dedup_key", "key", "event", "event_name"),
    title=first(field("title"), phrase("event_name", "event", "value1")),
    description=first(field("message", "description"), phrase("value2", "value3", by="\n")),
    severity=field("severity"),
    details=others("title", "message", "status", "severity", "dedup_key", "key", absent=_absent),
    tags=field("tags"),
    links=(("Link", field("url", "link")),),
    absent=_absent,
    setup="""\
In IFTTT create an applet, as “Then that” choose Webhooks → Make a web request, and paste as URL:

    {url}

Method POST, content type application/json, and as body, with the ingredients of your trigger:

    {{
      "title": "Water in the cellar",
      "message": "<<<{{{{EntryMessage}}}}>>>",
      "status": "trigger",
      "dedup_key": "cellar-water"
    }}

A second applet for the end sends the same dedup_key with "status": "resolve".
""",
    docs="https://ifttt.com/maker_webhooks",
)
