"""The registry of tools that hear about alerts. One file each; nobody else knows their names."""

from integrations.outbound.contract import Tool
from integrations.outbound.tools.github import GitHub
from integrations.outbound.tools.gitlab import GitLab
from integrations.outbound.tools.jira import Jira
from integrations.outbound.tools.servicenow import ServiceNow
from integrations.outbound.tools.slack import Slack
from integrations.outbound.tools.teams import Teams
from integrations.outbound.tools.webhook import Webhook

TOOLS: dict[str, Tool] = {
    tool.slug: tool
    for tool in (Webhook(), Slack(), Teams(), Jira(), ServiceNow(), GitHub(), GitLab())
}
