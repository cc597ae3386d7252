"""Home Assistant: https://www.home-assistant.io/integrations/rest_command/ and notify.rest

What "on" means depends on the sensor: "on" is a flood for one and a good connection for another.
So the snippet below says itself whether it is a problem or over. A notification made for the
companion app is understood too: `data.tag` is its key, the message "clear_notification" its end.
Sample: integrations/samples/home_assistant.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first
from integrations.phrases import others, phrase
from integrations.vocabulary import RESOLVE

_GONE = {"unavailable", "unknown", "none", ""}
_BADNESS = {"critical": "critical", "high": "high", "time-sensitive": "high", "passive": "low"}


def _cleared(item: Any, top: Any) -> str:
    message = texts.words(field("message")(item, top)).strip()
    return RESOLVE if message == "clear_notification" else ""


def _said(item: Any, top: Any) -> str:
    """The message, unless it is only the companion app's word for taking it back."""
    return "" if _cleared(item, top) else texts.words(field("message")(item, top))


def _state(item: Any, top: Any) -> str:
    name = texts.words(field("name", "friendly_name", "entity_id")(item, top))
    state = texts.words(field("state")(item, top))
    return f"{name} is {state}" if name and state.lower() not in _GONE else name


home_assistant = Vendor(
    kind="home_assistant",
    label="Home Assistant",
    action=first(_cleared, field("status", "action")),
    dedup_key=field("dedup_key", "data.tag", "tag", "entity_id", "data.entity_id"),
    title=first(field("title"), phrase(_said), _state, field("data.tag", "tag")),
    description=_said,
    severity=first(
        field("severity"),
        choose("data.push.interruption-level", _BADNESS),
        choose("data.priority", _BADNESS),
    ),
    details=others(
        "title", "message", "status", "action", "dedup_key", "severity", "target", "data"
    ),
    tags=field("tags"),
    links=(("Home Assistant", field("url", "data.url", "data.clickAction")),),
    setup="""\
Put this into configuration.yaml and restart Home Assistant:

    rest_command:
      alertops:
        url: "{url}"
        method: post
        content_type: "application/json"
        payload: >-
          {{{{ {{"title": title, "message": message | default(""), "status": status,
               "severity": severity | default("critical"), "entity_id": entity_id}} | to_json }}}}

Then call it in an automation, once for the problem and once for its end:

    alias: Tell AlertOps about the water sensor
    triggers:
      - trigger: state
        entity_id: binary_sensor.cellar_water
        to: ["on", "off"]
    actions:
      - action: rest_command.alertops
        data:
          title: "Water in the cellar"
          entity_id: "{{{{ trigger.entity_id }}}}"
          status: "{{{{ 'trigger' if trigger.to_state.state == 'on' else 'resolve' }}}}"
""",
    docs="https://www.home-assistant.io/integrations/rest_command/",
)
