"""System Center Operations Manager (SCOM):
https://learn.microsoft.com/system-center/scom/manage-notifications-create-channel-command

SCOM has no webhook; a command channel runs the script below. Its alert has a number for each:
resolution state (0 new, 247 to 250 in somebody's hands, 254 resolved, 255 closed), severity and
priority (0 to 2). A parameter it cannot fill in arrives as its default, "Not Present".
Sample: integrations/samples/scom.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field
from integrations.phrases import filled, others, phrase, unfilled

_STATES = {
    "0": "trigger",
    "new": "trigger",
    "247": "acknowledge",
    "248": "acknowledge",
    "249": "acknowledge",
    "250": "acknowledge",
    "acknowledged": "acknowledge",
    "254": "resolve",
    "resolved": "resolve",
    "255": "resolve",
    "closed": "resolve",
}
_absent = unfilled(r"(?i)not present|\$[^$]*\$")
_SEVERITIES = {
    "2": "high", "error": "high", "critical": "high",
    "1": "medium", "warning": "medium", "0": "info", "information": "info",
}  # fmt: skip


def _severity(item: Any, top: Any) -> str:
    """A critical alert of high priority is critical; of any other, it is high."""
    severity = texts.words(choose("Severity", _SEVERITIES)(item, top))
    priority = texts.words(field("Priority")(item, top)).strip().lower()
    return "critical" if severity == "high" and priority in {"2", "high"} else severity


def _key(item: Any, top: Any) -> str:
    found = texts.words(filled(_absent, "AlertId", "Id")(item, top))
    return found.strip("{} ").lower()


scom = Vendor(
    kind="scom",
    label="Microsoft SCOM",
    action=choose("ResolutionState", _STATES),
    dedup_key=_key,
    title=phrase(
        filled(_absent, "ManagedEntity", "MonitoringObjectDisplayName"),
        filled(_absent, "AlertName", "Name"),
    ),
    description=filled(_absent, "Description"),
    severity=_severity,
    details=others(
        "AlertId", "AlertName", "Description", "ManagedEntity", "WebConsoleUrl", absent=_absent
    ),
    links=(("Operations Manager", field("WebConsoleUrl")),),
    absent=_absent,
    setup="""\
Save this as C:\\AlertOps\\alertops.ps1 on every management server:

    param($AlertId)
    Import-Module OperationsManager
    $a = Get-SCOMAlert -Id $AlertId
    $body = @{{
      AlertId         = "$($a.Id)"
      AlertName       = $a.Name
      Description     = $a.Description
      Severity        = [int]$a.Severity
      Priority        = [int]$a.Priority
      ResolutionState = [int]$a.ResolutionState
      ManagedEntity   = $a.MonitoringObjectDisplayName
      Path            = $a.MonitoringObjectPath
      RepeatCount     = $a.RepeatCount
      TicketId        = $a.TicketId
    }} | ConvertTo-Json
    [Net.ServicePointManager]::SecurityProtocol = 'Tls12'
    Invoke-RestMethod -Method Post -Uri '{url}' -ContentType 'application/json; charset=utf-8' `
      -Body ([Text.Encoding]::UTF8.GetBytes($body))

In the console open Administration → Notifications → Channels → New → Command. The file:

    C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe

its parameters:

    -NoProfile -ExecutionPolicy Bypass -File C:\\AlertOps\\alertops.ps1 \
-AlertId "$Data[Default='Not Present']/Context/DataItem/AlertId$"

Subscribe it to the alerts that should page, with any resolution state, so that closing them in
SCOM closes them here.
""",
    docs="https://learn.microsoft.com/system-center/scom/manage-notifications-create-channel-command",
)
