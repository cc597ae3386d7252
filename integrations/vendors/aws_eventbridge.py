"""Amazon EventBridge: https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html

Every AWS service sends the same envelope: `source`, `detail-type`, `detail`. What is known here:
CloudWatch alarms, GuardDuty, Security Hub and Inspector findings, AWS Health, and whatever runs
and fails (pipelines, builds, jobs, executions, backups, ECS services). The key is what it is about
in its account and region, never the event's or the run's id, so the next success closes it. Runs
that begin and alarms somebody edits are no alerts. Security Hub sends several findings at once.
Sample: integrations/samples/aws_eventbridge.json
"""

from integrations import aws_events as events
from integrations.mapping import Vendor

aws_eventbridge = Vendor(
    kind="aws_eventbridge",
    label="Amazon EventBridge (GuardDuty, Security Hub, Health, …)",
    each="detail.findings",
    action=events.action,
    dedup_key=events.key,
    title=events.title,
    description=events.description,
    severity=events.severity,
    details=events.details,
    tags=lambda item, top: None,
    links=events.links,
    words=events.words,
    setup="""\
In the AWS console open EventBridge → API destinations → Create, method POST, and paste:

    {url}

EventBridge insists on an authorization: create a connection of the type API key with any name and
value; the address above already says who you are. Then create a rule on the default event bus with
this API destination as its target, for example for alarms and findings:

    {{
      "source": ["aws.cloudwatch", "aws.guardduty", "aws.securityhub", "aws.health"],
      "detail-type": [
        "CloudWatch Alarm State Change",
        "GuardDuty Finding",
        "Security Hub Findings - Imported",
        "AWS Health Event"
      ]
    }}

and one for what runs and fails, with its success, so that alerts close by themselves:

    {{
      "source": ["aws.codepipeline"],
      "detail-type": ["CodePipeline Pipeline Execution State Change"],
      "detail": {{"state": ["FAILED", "SUCCEEDED"]}}
    }}

Leave the target's input as “Matched events”.
""",
    docs="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
)
