"""Amazon CloudWatch through SNS:
https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html

SNS posts JSON as text/plain: an envelope whose `Message` is the alarm as a string, or with raw
delivery the alarm alone. The alarm's ARN is the key; older alarms have account, region and name. A
topic carries whatever is published to it: events of EventBridge, of RDS and Auto Scaling, or a
line of text under a subject. AWS Backup says everything of every job in such a line, always under
the same subject; what it is stands in the message's attributes
(https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-notifications.html). ElastiCache
puts its event and the cluster into the name and the value of a field
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ElastiCacheSNS.html); a failover that is
complete is news. Cost Anomaly Detection tells of one anomaly again while it grows
(https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html). A
confirmation is no alert, but that SNS no longer sends is one.
Sample: integrations/samples/cloudwatch.json
"""

import re
from typing import Any

from integrations import aws_events as events
from integrations import texts
from integrations.mapping import Vendor, choose, field, first
from integrations.phrases import others
from integrations.sns import SUBSCRIBED, UNSUBSCRIBED
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

KIND = "cloudwatch"
FORGED = "sns_forged"
"""The dialect of a message that Amazon did not sign."""
_EVENTS = {  # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
    "autoscaling:TEST_NOTIFICATION": IGNORE,
    "autoscaling:EC2_INSTANCE_TERMINATE": IGNORE,
    "autoscaling:EC2_INSTANCE_LAUNCH": RESOLVE,
    "s3:TestEvent": IGNORE,
}
_NOT_ENDED = "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"
"""Not over when the group launches an instance."""
_ALARM_STATES = {"ALARM": TRIGGER, "INSUFFICIENT_DATA": TRIGGER, "OK": RESOLVE}


_JOB_STATES = {"COMPLETED": RESOLVE, "SUCCESSFUL": RESOLVE}
_JOB_STATES |= dict.fromkeys(("CREATED", "PENDING", "RUNNING", "STARTED"), IGNORE)
_RESOURCE = re.compile(r"Resource ARN ?: ?(arn:\S{1,500}?)\.?(?=\s|$)")


def _job(item: Any) -> tuple[str, str, str]:
    """A job of AWS Backup, such as "BACKUP_JOB", its state and its resource."""
    kind, state = (
        texts.words(field(f"MessageAttributes.{name}.Value")(item, item))
        for name in ("EventType", "State")
    )
    text = item["Message"] if isinstance(item, dict) and "Message" in item else ""
    if not kind.endswith("_JOB") or not state or not isinstance(text, str):
        return "", "", ""
    found = _RESOURCE.search(text[:4000])
    return kind, state.upper(), found[1] if found else ""


_CACHE_EVENT = re.compile(r"ElastiCache:(\w{1,80}?)(Complete|Finished|Failed|Started)?(?=\W|$)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _cache_event(body: Any) -> tuple[str, str, str]:
    """The cluster of an event of ElastiCache, such as "Snapshot", and how it went."""
    if not isinstance(body, dict):
        return "", "", ""
    for name in list(body)[:20]:
        if found := _CACHE_EVENT.match(str(name)):
            return texts.words(body[name]), found[1], found[2] or ""
    return "", "", ""


def _is_over(event: str, outcome: str) -> bool:
    return outcome in {"Complete", "Finished"} and event != "Failover"


def _body(item: Any, top: Any) -> Any:
    """What was published: inside the envelope, or all there is."""
    if isinstance(item, dict) and "TopicArn" in item and "Message" in item:
        return item["Message"]
    return item


def _type(item: Any) -> str:
    has_type = isinstance(item, dict) and "TopicArn" in item
    return texts.words(item.get("Type")) if has_type else ""


def _is_event(body: Any) -> bool:
    return events.is_event(body)


def _action(item: Any, top: Any) -> Any:
    kind, body = _type(item), _body(item, top)
    if kind == SUBSCRIBED:
        return RESOLVE  # of the alert below, if there is one; else nothing
    if kind == UNSUBSCRIBED:
        return TRIGGER
    if _is_event(body):
        return events.action(body, _body(top, top))
    if _job(item)[0]:
        return _JOB_STATES.get(_job(item)[1], TRIGGER)
    cluster, event, outcome = _cache_event(body)
    if cluster:
        return RESOLVE if _is_over(event, outcome) else TRIGGER
    if said := choose("Event", _EVENTS)(body, body):
        return said
    return choose("NewStateValue", _ALARM_STATES)(body, body)


def _key(item: Any, top: Any) -> str:
    body = _body(item, top)
    if _type(item) in {SUBSCRIBED, UNSUBSCRIBED}:
        return f"sns/{texts.words(item['TopicArn'])}"
    if _is_event(body):
        return events.key(body, _body(top, top))
    if all(_job(item)):
        kind, _, resource = _job(item)
        return f"{kind}/{resource}"
    if name := texts.words(field("AlarmName")(body, body)):
        arn = texts.words(field("AlarmArn")(body, body))
        where = [texts.words(field(path)(body, body)) for path in ("AWSAccountId", "Region")]
        contributor = texts.words(field("AlarmContributorId")(body, body))
        return "/".join(filter(None, [arn or "/".join([*where, name]), contributor]))
    cluster, event, _ = _cache_event(body)
    if cluster:
        topic = texts.words(item["TopicArn"]) if _type(item) else ""
        return "/".join(filter(None, [topic, cluster, event]))
    if anomaly := texts.words(field("anomalyId")(body, body)):
        return anomaly
    if group := texts.words(field("AutoScalingGroupARN", "AutoScalingGroupName")(body, body)):
        failed = texts.words(field("Event")(body, body)) == _NOT_ENDED
        return f"{group}/terminate" if failed else group
    return "/".join(texts.words(field(path)(body, body)) for path in _RDS).strip("/")


_RDS = ("Source ARN", "Source ID", "Event ID")


def _topic(item: Any) -> str:
    return texts.words(item["TopicArn"]).rpartition(":")[2]


def _title(item: Any, top: Any) -> str:
    body = _body(item, top)
    if _type(item) in {SUBSCRIBED, UNSUBSCRIBED}:
        sends = "sends" if _type(item) == SUBSCRIBED else "no longer sends"
        return f"Amazon SNS {sends} what is published to {_topic(item)}"
    if _is_event(body):
        return events.title(body, _body(top, top))
    subject = texts.words(field("Subject")(item, item)) if item is not body else ""
    name = texts.words(field("AlarmName")(body, body))
    if name:
        lacks = field("NewStateValue")(body, body) == "INSUFFICIENT_DATA"
        return f"{name} has no data" if lacks else name
    if (job := _job(item))[0]:
        sentence = texts.words(body).partition(". ")[0].partition(" Resource ARN")[0].rstrip(".")
        return f"{sentence}: {job[2].rpartition(':')[2]}" if job[2] else sentence
    cluster, event, outcome = _cache_event(body)
    if cluster:
        return f"{cluster}: {_CAMEL.sub(' ', event + outcome).lower()}"
    if texts.words(field("anomalyId")(body, body)):
        where = field("dimensionalValue", "rootCauses.0.service", "accountId")(body, body)
        return f"Cost anomaly: {texts.words(where)}".removesuffix(": ")
    told = texts.words(field("Event Message", "Description", "Event")(body, body))
    source = texts.words(field("Source ID", "AutoScalingGroupName")(body, body))
    if source and told:
        return f"{source}: {told}"
    return subject or told or (body.strip().partition("\n")[0] if isinstance(body, str) else "")


def _description(item: Any, top: Any) -> str:
    body = _body(item, top)
    if _type(item) == UNSUBSCRIBED:
        return "Somebody ended the subscription. Alarms of this topic do not arrive any more."
    if _type(item) == SUBSCRIBED or isinstance(body, str):
        return texts.words(body)
    if _is_event(body):
        return events.description(body, _body(top, top))
    said = (
        texts.words(field(path)(body, body)).strip()
        for path in ("AlarmDescription", "NewStateReason", "Cause", "StatusMessage")
    )
    return "\n".join(dict.fromkeys(text for text in said if text))


def _severity(item: Any, top: Any) -> str:
    body = _body(item, top)
    if _type(item) == UNSUBSCRIBED:
        return "medium"
    if _is_event(body):
        return events.severity(body, _body(top, top))
    return texts.words(choose("NewStateValue", {"INSUFFICIENT_DATA": "medium"})(body, body))


_REST = others(
    "AlarmName", "AlarmDescription", "NewStateReason", "Trigger", "OKActions", "AlarmActions",
    "InsufficientDataActions", "AlarmConfigurationUpdatedTimestamp", "Event Message", "Details",
)  # fmt: skip


def _details(item: Any, top: Any) -> dict[str, Any]:
    """The alarm's metric and dimensions first, then what else it says."""
    body = _body(item, top)
    if _type(item) in {SUBSCRIBED, UNSUBSCRIBED} or not isinstance(body, dict):
        return {"topic": _topic(item)} if _type(item) else {}
    if _is_event(body):
        found: dict[str, Any] = events.details(body, body)
        return found
    trigger = body.get("Trigger")
    shown = dict(trigger) if isinstance(trigger, dict) else {}
    dimensions = shown.pop("Dimensions", None)
    for each in dimensions if isinstance(dimensions, list) else []:
        if name := texts.words(field("name")(each, each)):
            shown[name] = field("value")(each, each)
    rest: dict[str, Any] = _REST(body, body)
    return {**shown, **rest}


def _link(item: Any, top: Any) -> str:
    body = _body(item, top)
    if _is_event(body):
        return events.link(body, body)
    parts = texts.words(field("AlarmArn")(body, body)).split(":")
    name = texts.words(field("AlarmName")(body, body))
    return events.alarm_page(parts[3], name) if len(parts) > 6 else ""


cloudwatch = Vendor(
    kind=KIND,
    label="Amazon CloudWatch (SNS)",
    each="Message.detail.findings",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=_description,
    severity=_severity,
    details=_details,
    tags=lambda item, top: None,
    links=(
        ("CloudWatch", _link),
        ("RDS", field("Message.Identifier Link", "Identifier Link")),
        ("Anomaly", field("Message.anomalyDetailsLink", "anomalyDetailsLink")),
    ),
    words=events.words,
    setup="""\
In the AWS console open SNS → Topics, create a standard topic (or take yours) and in it Create
subscription: protocol HTTPS, and as endpoint:

    {url}

AlertOps confirms the subscription by itself; reload the page to see “Confirmed”. Leave raw message
delivery off, so that each message is signed. Then open the alarm in CloudWatch → Edit → Configure
actions: the topic for “In alarm”, and a second action with the same topic for “OK”, so that the
alert closes by itself. From the command line:

    aws cloudwatch put-metric-alarm … --alarm-actions $TOPIC --ok-actions $TOPIC
""",
    docs="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)


def _unsigned(item: Any, top: Any) -> str:
    """Whoever has one of them in hand has not heard of the next: each alarm is told by itself."""
    said = _key(item, top) or texts.words(_body(item, top))[:200]
    return f"alertops:sns-forged:{texts.digest(said)[:32]}"


forged = Vendor(
    kind=FORGED,
    label="Amazon SNS, unsigned",
    action=lambda item, top: TRIGGER,
    dedup_key=_unsigned,
    title=lambda item, top: "A message that Amazon SNS did not sign was sent here",
    description=first(field("Message"), field("Subject")),
    severity=lambda item, top: "",
    tags=lambda item, top: None,
    words=Words(),
)
"""Not a tool to choose: how a message is read whose signature is wrong."""
