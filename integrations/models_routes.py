"""Routes: where an integration's alerts go, and what else is done with them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from alertops import durations
from alertops.durations import SecondsField
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group
from integrations import routing
from integrations.grouping import A_DAY, GROUP_BY, GROUP_FOR
from integrations.models_inbound import Integration

_SENDS_OR_DROPS = (
    "Say what this route does with alerts (a group, a person, a policy, a severity, a wait, tags, "
    "grouping), or that it drops them; not both."
)


class Route(models.Model):
    """ "Where all of this holds, send it there": the first route that fits wins."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="routes")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower is asked first.")
    name = models.CharField(max_length=120)
    conditions: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        default=list,
        blank=True,
        help_text='All of them must hold, such as {"field": "labels.team", "operator": "equals", '
        '"value": "payments"}. Operators: equals, contains, starts, regex, exists. The fields '
        "title, severity, description, dedup_key and tags are the alert's; any other is looked "
        "up in the payload (/severity is the payload's own).",
    )
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="person",
    )
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, blank=True, related_name="+")
    by_topic = models.BooleanField(
        "group by topic",
        default=False,
        db_default=False,
        help_text="To the group that has a topic the alert carries as a tag or in its field topic; "
        "if there is none, to the group or person beside.",
    )
    severity = models.CharField(max_length=8, choices=Severity, blank=True)
    wait_seconds = SecondsField(
        "wait",
        default=0,
        db_default=0,
        validators=[MaxValueValidator(3600, "An hour at most.")],
        help_text="Page only if it has not recovered after this long.",
    )
    tags = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_default=[],
        blank=True,
        help_text="Added to the alert's.",
    )
    group_by = ArrayField(
        models.CharField(max_length=200),
        default=list,
        db_default=[],
        blank=True,
        help_text=GROUP_BY,
    )
    group_seconds = SecondsField(
        "grouped for",
        null=True,
        blank=True,
        validators=[A_DAY],
        help_text=GROUP_FOR,
    )
    opens_incident = models.BooleanField(
        "opens an incident",
        default=False,
        db_default=False,
        help_text="Marked on the alert for incident rules.",
    )
    drop = models.BooleanField(
        default=False, help_text="Open no alert. What resolves or acknowledges still does."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["integration", "position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(
                    drop=True,
                    group__isnull=True,
                    assignee__isnull=True,
                    policy__isnull=True,
                    by_topic=False,
                    severity="",
                    wait_seconds=0,
                    tags=[],
                    group_seconds__isnull=True,
                    opens_incident=False,
                )
                | (
                    Q(drop=False)
                    & (
                        Q(group__isnull=False)
                        | Q(assignee__isnull=False)
                        | Q(policy__isnull=False)
                        | Q(by_topic=True)
                        | ~Q(severity="")
                        | Q(wait_seconds__gt=0)
                        | ~Q(tags=[])
                        | Q(group_seconds__isnull=False)
                        | Q(opens_incident=True)
                    )
                ),
                name="a_route_sends_or_drops",
                violation_error_message=_SENDS_OR_DROPS,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def wait(self) -> str:
        """How long it waits, as people write it."""
        return durations.words(self.wait_seconds)

    def clean(self) -> None:
        try:
            routing.compiled(self.conditions)
        except routing.BadCondition as error:
            raise ValidationError({"conditions": str(error)}) from None
        says = (
            self.group_id, self.assignee_id, self.policy_id, self.by_topic, self.severity,
            self.wait_seconds, self.tags, self.group_seconds is not None, self.opens_incident,
        )  # fmt: skip
        sends = any(says)
        if sends == self.drop:  # the constraint's rule, said beside a field
            raise ValidationError({"drop": _SENDS_OR_DROPS})
