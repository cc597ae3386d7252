"""Azure Monitor: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema

Three families: the common alert schema (`data.essentials`), the older metric alerts (`context`,
at the top or under `data`) and the older activity-log and log-search alerts. The alert id is new
each time a stateless rule fires, so rule, targets and dimensions are the key where they tell
alerts apart; activity-log alerts have an operation, service-health alerts a tracking id instead.
Both kinds of health are fired only, in either schema: what is over shows in a stage or a status. A
"RCA" tells afterwards why it was, and what is canceled will not be
(https://learn.microsoft.com/azure/service-health/service-health-notifications-properties). Budgets
have no rule: budget and threshold are the key
(https://learn.microsoft.com/azure/cost-management-billing/costs/cost-mgt-alerts-monitor-usage-spending).
Azure counts Sev0 (critical) to Sev4 (verbose). Sample: integrations/samples/azure_monitor.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import Words

_ESSENTIALS = "data.essentials"
_CONTEXTS = ("data.context", "context")
_LOG = "data.context.activityLog"
_HEALTH = ("data.alertContext.properties", f"{_LOG}.properties")
_STAGES = dict.fromkeys(("Resolved", "Complete", "RCA", "Canceled"), "resolve")


def _health(*names: str) -> Any:
    """These properties of an alert of health, in the common schema or the older one."""
    return field(*(f"{place}.{name}" for name in names for place in _HEALTH))


_BUDGET = ("data.alertContext.AlertData", "data")


def _budget(name: str) -> Any:
    """A fact of a budget that was spent, in the common schema or the older one."""
    return field(*(f"{place}.{name}" for place in _BUDGET))


def _either(*names: str) -> Any:
    """These fields of an older alert, wherever its context stands."""
    return field(*(f"{context}.{name}" for context in _CONTEXTS for name in names))


def _dimensions(item: Any, top: Any) -> str:
    """What tells one series of a rule from another, such as the disk of a host."""
    conditions = field(
        "data.alertContext.condition.allOf",
        "data.context.condition.allOf",
        "context.condition.allOf",
    )(item, top)
    labels = field("data.alertContext.labels")(item, top)  # a Prometheus rule has these instead
    pairs = labels.items() if isinstance(labels, dict) else ()
    found = {f"{name}={texts.words(value)}" for name, value in pairs}
    for condition in conditions if isinstance(conditions, list) else []:
        dimensions = condition.get("dimensions") if isinstance(condition, dict) else None
        for each in dimensions if isinstance(dimensions, list) else []:
            if isinstance(each, dict):
                found.add(f"{texts.words(each.get('name'))}={texts.words(each.get('value'))}")
    return ",".join(sorted(found))


def _key(item: Any, top: Any) -> str:
    rule = texts.words(field(f"{_ESSENTIALS}.alertRule")(item, top))
    if tracking := _health("trackingId")(item, top):
        return f"health/{texts.words(tracking)}"
    if _budget("BudgetName")(item, top):
        budget = ("Scope", "SubscriptionId", "ResourceGroup", "BudgetName")
        facts = [texts.words(_budget(name)(item, top)) for name in budget]
        return "/".join(filter(None, ["budget", *facts, *_threshold(item, top)]))
    if not rule:
        return _older_key(item, top)
    targets = field(f"{_ESSENTIALS}.alertTargetIDs")(item, top)
    names = sorted(map(texts.words, targets)) if isinstance(targets, list) else []
    where = ",".join(names).lower()
    kind = texts.words(field(f"{_ESSENTIALS}.signalType")(item, top)).lower()
    service = texts.words(field(f"{_ESSENTIALS}.monitoringService")(item, top)).lower()
    if kind in {"metric", "log"} or service == "resource health":
        return "/".join(filter(None, (rule, where, _dimensions(item, top))))
    return texts.words(field(f"{_ESSENTIALS}.alertId", f"{_ESSENTIALS}.originAlertId")(item, top))


def _threshold(item: Any, top: Any) -> list[str]:
    """How much of a budget had to be spent: each such notice is one of its own."""
    names = ("ThresholdType", "NotificationThresholdAmount")
    return [texts.words(_budget(name)(item, top)) for name in names]


def _older_key(item: Any, top: Any) -> str:
    if _health("currentHealthStatus")(item, top):
        return f"health/{texts.words(field(f'{_LOG}.resourceId')(item, top)).lower()}"
    if operation := field(f"{_LOG}.correlationId", f"{_LOG}.eventDataId")(item, top):
        return texts.words(operation)
    rule = _either("id", "name")(item, top) or field("data.AlertRuleName")(item, top)
    where = _either("resourceId")(item, top)
    parts = (texts.words(rule), texts.words(where), _dimensions(item, top))
    return "/".join(filter(None, parts)) if rule else ""


_STATES = {"fired": "trigger", "activated": "trigger", "resolved": "resolve"}
_STATES |= {"deactivated": "resolve"}


_NAMES = ("critical", "high", "medium", "low", "info")
_SEVERITIES = {"verbose": "info"}
_SEVERITIES |= {f"sev{number}": name for number, name in enumerate(_NAMES)}
_SEVERITIES |= {str(number): name for number, name in enumerate(_NAMES)}


def _target(item: Any, top: Any) -> str:
    names = field(f"{_ESSENTIALS}.configurationItems")(item, top)
    if isinstance(names, list) and names:
        return ", ".join(map(texts.words, names[:3]))
    return texts.words(_either("resourceName")(item, top))


def _title(item: Any, top: Any) -> str:
    rule = first(_health("title"), field(f"{_ESSENTIALS}.alertRule", "data.AlertRuleName"))
    name = texts.words(rule(item, top) or _either("name")(item, top))
    if budget := texts.words(_budget("BudgetName")(item, top)):
        return f"Budget {budget}: {_threshold(item, top)[1]} are spent"
    target = _target(item, top)
    if not name and (operation := field(f"{_LOG}.operationName")(item, top)):
        status = texts.words(field(f"{_LOG}.status")(item, top))
        return f"{texts.words(operation)} {status}".strip()
    return f"{name} on {target}" if name and target else name


azure_monitor = Vendor(
    kind="azure_monitor",
    label="Azure Monitor",
    action=first(
        choose(_health("stage"), _STAGES),
        choose(_health("currentHealthStatus"), {"Available": "resolve"}),
        choose(f"{_ESSENTIALS}.monitorCondition", _STATES),
        choose("data.status", _STATES),
        choose("status", _STATES),
    ),
    dedup_key=_key,
    title=_title,
    description=first(
        field(f"{_ESSENTIALS}.description"),
        _health("communication", "details", "title"),
        field("data.Description", f"{_LOG}.properties.statusMessage"),
        _either("description"),
    ),
    severity=first(
        field(f"{_ESSENTIALS}.severity", f"{_LOG}.level", "data.Severity"), _either("severity")
    ),
    details=first(
        table(
            f"{_ESSENTIALS}.signalType",
            f"{_ESSENTIALS}.monitoringService",
            f"{_ESSENTIALS}.alertTargetIDs",
            "data.alertContext.condition",
            "data.customProperties",
        ),
        table(
            f"{_LOG}.operationName",
            f"{_LOG}.resourceId",
            f"{_LOG}.status",
            f"{_LOG}.subStatus",
            f"{_LOG}.caller",
        ),
        table("data.SearchQuery", "data.ResultCount", "data.AlertThresholdValue"),
        lambda item, top: table("resourceId", "condition", "resourceRegion")(
            field(*_CONTEXTS)(item, top), top
        ),
    ),
    links=(
        ("Investigate", field(f"{_ESSENTIALS}.investigationLink")),
        ("Azure portal", _either("portalLink")),
        ("Search results", field("data.LinkToSearchResults", "data.LinkToFilteredSearchResultsUI")),
    ),
    words=Words(severities=_SEVERITIES),
    setup="""\
In the Azure portal open Monitor → Alerts → Action groups, create or edit one, add an action of the
type Webhook, set “Enable the common alert schema” to Yes and paste as URI:

    {url}

Then name the action group in your alert rules. Leave “Automatically resolve alerts” on.
""",
    docs="https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema",
)
