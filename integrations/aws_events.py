"""What an event of Amazon EventBridge says, also where SNS carries it.

https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html

A pipeline tells of its actions and stages too, and all of them are the pipeline's alert: a part
that fails is its failure, a part that went well says nothing of the rest
(https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html).
So with CloudFormation's stacks and their resources; a stack that was rolled back did not work
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/events-detail-reference.html).
Pure; nothing here raises, whatever an event holds.
"""

from typing import Any
from urllib.parse import quote

from integrations import texts
from integrations.picks import choose, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

_STATES = {
    "alarm": TRIGGER, "insufficient_data": TRIGGER, "ok": RESOLVE,
    "failed": TRIGGER, "failure": TRIGGER, "fault": TRIGGER, "timed_out": TRIGGER,
    "timeout": TRIGGER, "error": TRIGGER, "warn": TRIGGER, "expired": TRIGGER,
    "service_deployment_failed": TRIGGER, "service_deployment_completed": RESOLVE,
    "service_steady_state": RESOLVE, "succeeded": RESOLVE, "success": RESOLVE,
    "completed": RESOLVE, "started": IGNORE, "running": IGNORE, "in_progress": IGNORE,
    "service_deployment_in_progress": IGNORE, "created": IGNORE, "pending": IGNORE,
    "submitted": IGNORE, "runnable": IGNORE, "starting": IGNORE, "stopped": IGNORE,
    "superseded": IGNORE, "canceled": IGNORE, "cancelled": IGNORE, "aborted": IGNORE,
    "inprogress": IGNORE, "resumed": IGNORE, "stopping": IGNORE, "start": IGNORE,
    "ready": IGNORE, "stop": IGNORE,
    "open": TRIGGER, "upcoming": TRIGGER, "closed": RESOLVE, "active": TRIGGER,
    "suppressed": RESOLVE, "resolved": RESOLVE, "archived": RESOLVE, "passed": RESOLVE,
    "create_complete": RESOLVE, "update_complete": RESOLVE, "delete_complete": RESOLVE,
    "import_complete": RESOLVE, "create_in_progress": IGNORE, "update_in_progress": IGNORE,
    "delete_in_progress": IGNORE, "import_in_progress": IGNORE, "review_in_progress": IGNORE,
    "update_complete_cleanup_in_progress": IGNORE,
    "update_rollback_complete_cleanup_in_progress": IGNORE, "in_sync": RESOLVE,
    "non_compliant": TRIGGER, "compliant": RESOLVE, "not_applicable": RESOLVE,
}  # fmt: skip
_BY_KIND = {  # where a word means something else
    "ec2 instance state-change notification": {
        "running": RESOLVE,
        "stopped": TRIGGER,
        "shutting-down": IGNORE,
    },
    "backup job state change": {"aborted": TRIGGER},
    "codebuild build phase change": {"": IGNORE},
    "cloudformation stackset status change": {"active": IGNORE, "deleted": IGNORE},
    "ecs task state change": {
        "provisioning": IGNORE,
        "activating": IGNORE,
        "deactivating": IGNORE,
        "deprovisioning": IGNORE,
    },
}
_ECS_FAULTS = {"taskfailedtostart", "essentialcontainerexited"}
_NO_ALERTS = {
    "scheduled event",
    "cloudwatch alarm configuration change",
    "ec2 instance terminate successful",
    "ec2 instance-launch lifecycle action",
    "ec2 instance-terminate lifecycle action",
}
_GOOD = {  # Auto Scaling says so by the kind only
    "ec2 instance launch successful",
    "ec2 auto scaling instance refresh succeeded",
}
_PARTS = {  # and of what, where no name says it
    "codebuild build phase change": "",
    "codepipeline stage execution state change": "",
    "codepipeline action execution state change": "",
    "cloudformation resource status change": "CloudFormation Stack Status Change",
}
_BESIDES = {  # what befalls an Auto Scaling group and is not over when it launches an instance
    "ec2 instance terminate unsuccessful": "terminate",
    "ec2 auto scaling instance refresh failed": "refresh",
    "ec2 auto scaling instance refresh succeeded": "refresh",
}
_STATE = first(
    field("detail.state.value", "detail.statusCode", "detail.newEvaluationResult.complianceType"),
    field("detail.build-status", "detail.state", "detail.status", "detail.currentStatus"),
    field("detail.lastStatus", "detail.eventName", "detail.result"),
    field("detail.completed-phase-status"),
    field("detail.status-details.status", "detail.status-details.stack-drift-status"),
)
_NAME = field(
    "detail.alarmName",
    "detail.pipeline",
    "detail.project-name",
    "detail.application",
    "detail.jobName",
    "detail.stateMachineArn",
    "detail.backupVaultName",
    "detail.configRuleName",
    "detail.check-name",
    "detail.SourceIdentifier",
    "detail.instance-id",
    "detail.AutoScalingGroupName",
    "detail.group",
)
_TOO = field(  # what of it, where one name has several
    "detail.deploymentGroup",
    "detail.resourceId",
    "detail.resourceArn",
    "detail.check-item-detail.ARN",
)
_CONTRIBUTOR = field("detail.alarmContributor.id")
_SEVERITIES = {"informational": "info", "untriaged": "medium", "insufficient_data": "medium"}
_CATEGORIES = {"issue": "high", "scheduledChange": "low", "accountNotification": "info"}


def is_event(item: Any) -> bool:
    """Whether this is one of EventBridge's events, or a finding in one."""
    return isinstance(item, dict) and ("detail-type" in item or "ProductArn" in item)


def _kind(item: Any, top: Any) -> str:
    return texts.words(field("detail-type")(item, top))


def _finding(item: Any, top: Any) -> Any:
    """The finding of GuardDuty, Inspector or Security Hub, if it is one."""
    if isinstance(item, dict) and "ProductArn" in item:
        return item
    detail = field("detail")(item, top)
    is_one = "finding" in _kind(item, top).lower() and isinstance(detail, dict)
    return detail if is_one else None


def _finding_action(found: dict[str, Any], kind: str) -> str:
    if "custom action" in kind.lower():
        return TRIGGER  # somebody sent it by hand
    if field("service.archived")(found, found) is True:
        return RESOLVE
    states = (
        field("RecordState")(found, found),
        field("Workflow.Status")(found, found),
        field("Compliance.Status")(found, found),
        field("status")(found, found),
    )
    words = [_STATES.get(texts.words(state)[:40].lower(), TRIGGER) for state in states if state]
    return RESOLVE if RESOLVE in words else TRIGGER


def action(item: Any, top: Any) -> str:
    kind = _kind(item, top) or _kind(top, top)
    found = _finding(item, top)
    if found is not None:
        return _finding_action(found, kind)
    if kind.lower() in _NO_ALERTS:
        return IGNORE
    if kind.lower() in _GOOD:
        return RESOLVE
    state = texts.words(_STATE(item, top)).strip().lower().replace(" ", "_")
    if state == "stopped" and kind.lower() == "ecs task state change":
        code = texts.words(field("detail.stopCode")(item, top)).lower()
        return TRIGGER if code in _ECS_FAULTS else IGNORE
    is_news = field("detail.eventType")(item, top) == "INFO"  # ECS: neither WARN nor ERROR
    other = IGNORE if is_news else TRIGGER
    found = _BY_KIND.get(kind.lower(), {}).get(state) or _STATES.get(state, other)
    return IGNORE if found == RESOLVE and kind.lower() in _PARTS else found


def key(item: Any, top: Any) -> str:
    found = _finding(item, top)
    if found is not None:
        return texts.words(field("Id", "findingArn", "arn", "id")(found, found))
    if arn := field("detail.eventArn")(item, top):
        return texts.words(arn)
    kind, names = _kind(item, top), (_NAME, _TOO, _CONTRIBUTOR)
    parts = [texts.words(pick(item, top)) for pick in names]
    parts.append(_BESIDES.get(kind.lower(), ""))
    if not parts[0]:
        parts = [_PARTS.get(kind.lower()) or kind, texts.words(field("resources.0")(item, top))]
    where = [texts.words(field(name)(item, top)) for name in ("source", "account", "region")]
    return "/".join(filter(None, [*where, *parts])) if any(parts) else ""


def title(item: Any, top: Any) -> str:
    found = _finding(item, top)
    if found is not None:
        return texts.words(field("Title", "title", "type")(found, found))
    if code := texts.words(field("detail.eventTypeCode")(item, top)):
        return f"AWS Health: {code.replace('_', ' ').capitalize()}"
    name, kind = texts.words(_NAME(item, top)).rpartition(":")[2], _kind(item, top)
    if "alarm" in kind.lower() and name:
        return name
    what = name or texts.words(field("resources.0")(item, top)).rpartition(":")[2]
    state = texts.words(_STATE(item, top)).lower().replace("_", " ")
    told = f"{what}: {state}" if what and state else what or state
    return f"{kind}: {told}" if kind and told else kind


def description(item: Any, top: Any) -> str:
    found = _finding(item, top)
    if found is not None:
        return texts.words(field("Description", "description")(found, found))
    picks = (
        field("detail.configuration.description"),
        field("detail.state.reason"),
        field("detail.eventDescription.0.latestDescription", "detail.Message", "detail.message"),
        field("detail.reason", "detail.stoppedReason", "detail.cause", "detail.statusMessage"),
        field("detail.status-details.status-reason"),
    )
    said = (texts.words(pick(item, top)).strip() for pick in picks)
    return "\n".join(dict.fromkeys(text for text in said if text))


def severity(item: Any, top: Any) -> str:
    found = _finding(item, top)
    if found is None:
        category = choose("detail.eventTypeCategory", _CATEGORIES)(item, top)
        state = texts.words(field("detail.state.value")(item, top)).lower()
        return texts.words(category) or _SEVERITIES.get(state, "")
    number = field("severity")(found, found)
    if isinstance(number, (int, float)) and not isinstance(number, bool):  # GuardDuty: 1 to 10
        steps = ((9, "critical"), (7, "high"), (4, "medium"), (0, "low"))
        return next((word for least, word in steps if number >= least), "")
    return texts.words(field("Severity.Label", "severity.description", "severity")(found, found))


def link(item: Any, top: Any) -> str:
    """The console's page of an alarm; a finding brings its own."""
    name, region = (texts.words(field(path)(item, top)) for path in ("detail.alarmName", "region"))
    return alarm_page(region, name) if "alarm" in _kind(item, top).lower() else ""


def alarm_page(region: str, name: str) -> str:
    """Where the console shows an alarm."""
    if not region.replace("-", "").isalnum() or not name:
        return ""
    page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{page}#alarmsV2:alarm/{quote(name, safe='', errors='replace')}"


details = first(
    table(
        "Types",
        "GeneratorId",
        "AwsAccountId",
        "Resources",
        "Remediation.Recommendation.Text",
        "ProductName",
    ),
    table(
        "source",
        "account",
        "region",
        "resources",
        "detail.previousState.value",
        "detail.configuration.metrics",
        "detail.type",
        "detail.service.count",
        "detail.resource",
        "detail.execution-id",
        "detail.build-id",
        "detail.affectedEntities",
        "detail.service",
        "detail.actionName",
    ),
)
links = (
    ("AWS", link),
    ("Finding", field("SourceUrl", "Remediation.Recommendation.Url")),
    ("Logs", field("detail.additional-information.logs.deep-link")),
)
words = Words(severities=_SEVERITIES)
