"""Argo CD: https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/

The body is the customer's own template; ours is below. An application is the key. It is bad when
its last operation failed or its health is degraded, and over only when both are good; what still
goes on says nothing. A value that is not there is printed as "<no value>".
Sample: integrations/samples/argocd.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, first, joined, table
from integrations.phrases import filled, unfilled
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_absent = unfilled(r"<no value>|\{\{.*\}\}")
_BAD_HEALTH = {"degraded", "missing", "unknown"}
_BAD_PHASE = {"failed", "error"}
_GOES_ON = {
    "", "healthy", "progressing", "suspended", "succeeded", "running", "terminating",
}  # fmt: skip


def _words(item: Any, top: Any) -> tuple[str, str, str]:
    app, health, phase = (
        texts.words(filled(_absent, *names)(item, top)).strip()
        for names in (("app", "application"), ("health",), ("phase", "operation"))
    )
    return app, health, phase


def _action(item: Any, top: Any) -> str:
    _, health, phase = _words(item, top)
    if phase.lower() in _BAD_PHASE or health.lower() in _BAD_HEALTH:
        return TRIGGER
    if health.lower() == "healthy" and phase.lower() in {"succeeded", ""}:
        return RESOLVE
    known = {health.lower(), phase.lower()} <= _GOES_ON
    return IGNORE if known and (health or phase) else TRIGGER


def _title(item: Any, top: Any) -> str:
    app, health, phase = _words(item, top)
    if phase.lower() in _BAD_PHASE:
        return f"{app}: sync {phase.lower()}" if app else ""
    return f"{app} is {health.lower()}" if app and health else app


argocd = Vendor(
    kind="argocd",
    label="Argo CD",
    action=_action,
    dedup_key=first(joined("namespace", "app"), filled(_absent, "app", "application")),
    title=_title,
    description=filled(_absent, "message", "health_message"),
    details=table("health", "sync", "phase", "revision", "namespace", "project", "destination"),
    links=(("Argo CD", filled(_absent, "url")),),
    absent=_absent,
    setup="""\
Add this to the ConfigMap argocd-notifications-cm:

    data:
      service.webhook.alertops: |
        url: {url}
        headers:
          - name: Content-Type
            value: application/json
      template.alertops: |
        webhook:
          alertops:
            method: POST
            body: |
              {{
                "app": "{{{{.app.metadata.name}}}}",
                "namespace": "{{{{.app.metadata.namespace}}}}",
                "project": "{{{{.app.spec.project}}}}",
                "health": "{{{{.app.status.health.status}}}}",
                "sync": "{{{{.app.status.sync.status}}}}",
                "phase": "{{{{.app.status.operationState.phase}}}}",
                "message": {{{{.app.status.operationState.message | toJson}}}},
                "revision": "{{{{.app.status.sync.revision}}}}",
                "url": "{{{{.context.argocdUrl}}}}/applications/{{{{.app.metadata.name}}}}"
              }}
      trigger.alertops: |
        - when: app.status.operationState.phase in ['Error', 'Failed']
          send: [alertops]
        - when: app.status.health.status == 'Degraded'
          send: [alertops]
        - when: app.status.health.status == 'Healthy' and app.status.sync.status == 'Synced'
          send: [alertops]

and subscribe the applications, or a whole project, with this annotation:

    notifications.argoproj.io/subscribe.alertops.alertops: ""
""",
    docs="https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/",
)
