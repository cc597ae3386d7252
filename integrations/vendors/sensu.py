"""Sensu: https://docs.sensu.io/sensu-go/latest/observability-pipeline/observe-events/events/

A handler's command gets the event on its standard input. In Sensu Go an event has an entity and a
check, each with `metadata`; Sensu Core had a client and an `action`. A status is a plugin's exit
code: 0 is well, 1 a warning, 2 critical, any other unknown; a keepalive is a check like any other.
Sample: integrations/samples/sensu.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table

_ENTITY = field("entity.metadata.name", "entity.name", "client.name")
_CHECK = field("check.metadata.name", "check.name")
_HOW = {"0": "OK", "1": "WARNING", "2": "CRITICAL"}


def _key(item: Any, top: Any) -> str:
    entity, check = texts.words(_ENTITY(item, top)), texts.words(_CHECK(item, top))
    space = texts.words(field("entity.metadata.namespace", "check.metadata.namespace")(item, top))
    return f"{space}/{entity}/{check}" if check else ""


def _title(item: Any, top: Any) -> str:
    entity, check = texts.words(_ENTITY(item, top)), texts.words(_CHECK(item, top))
    status = texts.words(field("check.status")(item, top))
    return f"{entity}: {check} is {_HOW.get(status, 'UNKNOWN')}" if check else ""


sensu = Vendor(
    kind="sensu",
    label="Sensu",
    action=choose("check.status", {"0": "resolve"}, "trigger"),
    dedup_key=_key,
    title=_title,
    description=field("check.output"),
    severity=choose("check.status", {"0": "", "1": "medium", "2": "critical"}, "high"),
    details=table(
        "check.command",
        "check.state",
        "check.occurrences",
        "check.interval",
        "check.metadata.labels",
        "check.metadata.annotations",
        "entity.system.hostname",
        "entity.entity_class",
        "client.address",
    ),
    tags=field("entity.subscriptions", "client.subscriptions"),
    links=(
        ("Runbook", field("check.metadata.annotations.runbook", "check.runbook")),
        ("Playbook", field("check.metadata.annotations.playbook", "check.playbook")),
        ("Dashboard", field("check.metadata.annotations.dashboard")),
    ),
    setup="""\
Create the handler with sensuctl create -f alertops.yml:

    type: Handler
    api_version: core/v2
    metadata:
      name: alertops
    spec:
      type: pipe
      timeout: 15
      command: >-
        curl -fsS --max-time 10 --retry 3 -H 'Content-Type: application/json'
        --data-binary @- {url}
      filters:
        - is_incident
        - not_silenced

and name it in the handlers of each check that should page. is_incident lets recoveries through.
""",
    docs="https://docs.sensu.io/sensu-go/latest/observability-pipeline/observe-process/handlers/",
)
