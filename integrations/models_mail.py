"""Rules for mails: "if the subject contains RECOVERED, resolve"."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from integrations import mail_rules, routing
from integrations.models_inbound import Integration
from integrations.states import MailAction, MailField, Operator


class MailRule(models.Model):
    """What a mail means, where its subject does not say so plainly. The first that fits wins."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="mail_rules")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower is asked first.")
    where = models.CharField("looks at", max_length=8, choices=MailField, default=MailField.SUBJECT)
    operator = models.CharField(max_length=8, choices=Operator, default=Operator.CONTAINS)
    value = models.CharField(max_length=500, blank=True)
    action = models.CharField("then", max_length=16, choices=MailAction)
    key_pattern = models.CharField(
        max_length=300,
        blank=True,
        help_text="A pattern whose first group, in the subject or the text, is the deduplication "
        r"key: “Problem ID: (\d+)”. Empty: the part behind the plus, else the subject.",
    )

    class Meta:
        verbose_name = "mail rule"
        ordering: ClassVar[list[str]] = ["integration", "position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(operator=Operator.EXISTS) | ~Q(value=""),
                name="a_mail_rule_looks_for_something",
                violation_error_message="Write what to look for.",
            ),
        ]

    def __str__(self) -> str:
        verb = self.get_operator_display()
        return f"{self.get_where_display()} {verb} {self.value}".strip()

    def clean(self) -> None:
        wrong: dict[str, str] = {}
        if self.operator == Operator.REGEX and self.value:
            try:
                routing.test_of(Operator.REGEX, self.value)
            except routing.BadCondition as error:
                wrong["value"] = str(error)
        if self.key_pattern:
            try:
                mail_rules.compiled(self.key_pattern)
            except routing.BadCondition as error:
                wrong["key_pattern"] = str(error)
        if not self.value and self.operator != Operator.EXISTS:
            wrong.setdefault("value", "Write what to look for.")
        if wrong:
            raise ValidationError(wrong)
