"""Flux: https://fluxcd.io/flux/components/notification/providers/#generic-webhook

Events are about one object of the cluster, which is the key. Severity "error" is an alert; an
"info" whose reason says that it succeeded closes it, as does a source's "NewArtifact", which is its
first word after a failure when there is something new; any other says that something goes on. What
is rolled back or uninstalled after a failed upgrade has not been upgraded: it stays open
(https://fluxcd.io/flux/components/helm/helmreleases/#configuring-failure-handling).
Sample: integrations/samples/flux.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.phrases import others
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_OBJECT = ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name")
_GOOD = ("Succeeded", "Ready", "NewArtifact")
_REMEDIES = {"RollbackSucceeded", "UninstallSucceeded"}


def _action(item: Any, top: Any) -> str:
    if texts.words(field("severity")(item, top)).strip().lower() not in {"info", "trace"}:
        return TRIGGER
    reason = texts.words(field("reason")(item, top))
    is_over = reason.endswith(_GOOD) and not reason.endswith("NotReady")
    return RESOLVE if is_over and reason not in _REMEDIES else IGNORE


def _object(item: Any, top: Any) -> list[str]:
    return [texts.words(field(path)(item, top)) for path in _OBJECT]


def _title(item: Any, top: Any) -> str:
    kind, namespace, name = _object(item, top)
    where = f"{namespace}/{name}" if namespace else name
    reason = texts.words(field("reason")(item, top))
    told = " ".join(filter(None, (kind, where)))
    return f"{told}: {reason}" if told and reason else told


def _key(item: Any, top: Any) -> str:
    parts = [texts.words(field("metadata.cluster")(item, top)), *_object(item, top)]
    return "/".join(filter(None, parts)) if parts[-1] else ""


def _details(item: Any, top: Any) -> dict[str, Any]:
    said: dict[str, Any] = table("reason", "reportingController", "reportingInstance")(item, top)
    told: dict[str, Any] = others("summary")(field("metadata")(item, top), top)
    return {**said, **told}


flux = Vendor(
    kind="flux",
    label="Flux",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field("message", "metadata.summary"),
    severity=lambda item, top: "",
    details=_details,
    tags=lambda item, top: None,
    setup="""\
Apply these to the cluster. “info” lets the success through that closes an alert:

    apiVersion: v1
    kind: Secret
    metadata:
      name: alertops
      namespace: flux-system
    stringData:
      address: {url}
    ---
    apiVersion: notification.toolkit.fluxcd.io/v1beta3
    kind: Provider
    metadata:
      name: alertops
      namespace: flux-system
    spec:
      type: generic
      secretRef:
        name: alertops
    ---
    apiVersion: notification.toolkit.fluxcd.io/v1beta3
    kind: Alert
    metadata:
      name: alertops
      namespace: flux-system
    spec:
      providerRef:
        name: alertops
      eventSeverity: info
      eventMetadata:
        cluster: production
      eventSources:
        - kind: Kustomization
          name: "*"
        - kind: HelmRelease
          name: "*"
""",
    docs="https://fluxcd.io/flux/components/notification/providers/#generic-webhook",
)
