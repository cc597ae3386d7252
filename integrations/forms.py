"""What people say about integrations: conditions one per line, expressions one per field."""

import re
from datetime import timedelta, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integrations import expressions, routing
from integrations.actions import GRACES
from integrations.models import EventOutcome, Integration, Route
from integrations.retention import number_at
from integrations.states import Operator
from integrations.states import Outcome as Word
from schedules.forms import WallField
from schedules.walltime import first_instant, last_instant

_LINE = re.compile(r'(?P<field>"[^"]+"|\S+)\s+(?P<operator>\w+)(?:\s+(?P<value>.*))?')


class ConditionsField(forms.CharField):
    """One condition a line: `labels.team equals payments`. A field with blanks stands in quotes."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [
            self._condition(number, line.strip())
            for number, line in enumerate((value or "").splitlines(), start=1)
            if line.strip()
        ]

    def _condition(self, number: int, line: str) -> dict[str, str]:
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValidationError(
                f"Line {number} is not a condition; write “labels.team equals payments”."
            )
        condition = {
            "field": parts["field"].strip('"'),
            "operator": parts["operator"].lower(),
            "value": (parts["value"] or "").strip(),
        }
        try:
            routing.compiled([condition])
        except routing.BadCondition as error:
            raise ValidationError(f"Line {number}: {error}") from None
        return condition

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError("Write at least one condition.")

    def run_validators(self, value: Any) -> None:
        """The lines have been looked at one by one."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(lines(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial or []) != (data or "").strip())


def lines(conditions: list[dict[str, str]]) -> list[str]:
    """Return conditions as people write them."""
    found = []
    for each in conditions:
        name = f'"{each["field"]}"' if " " in each["field"] else each["field"]
        found.append(f"{name} {each['operator']} {each.get('value', '')}".strip())
    return found


class Lenient(forms.ModelForm):
    """What is left empty is what the model says it is by itself."""

    lenient: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.lenient:
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.lenient:
            if data.get(name) is None and name in self.fields:
                data[name] = self._meta.model._meta.get_field(name).get_default()
        return data


class RouteForm(Lenient):
    """A route in the console."""

    lenient = ("wait_seconds",)

    conditions = ConditionsField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One a line, all must hold: “labels.team equals payments”, “title contains "
        f"disk”. Operators: {', '.join(Operator.values)}. The fields title, severity, description, "
        "dedup_key, tags and topics are the alert's; any other is looked up in the payload. "
        "Without conditions the route takes everything.",
    )

    class Meta:
        model = Route
        fields = (
            "position", "name", "conditions", "group", "assignee", "by_topic", "policy", "severity",
            "wait_seconds", "tags", "group_by", "group_seconds", "opens_incident", "drop",
        )  # fmt: skip


class Expression(forms.CharField):
    """One JMESPath expression."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=expressions.LONGEST, **kwargs)


class IntegrationForm(Lenient):
    """An integration in the console; each field that can be mapped has a box of its own."""

    lenient = ("storm_after", "flap_count", "flap_seconds")

    class Meta:
        model = Integration
        fields = (
            "name", "kind", "is_active", "group", "assignee", "policy", "default_severity",
            "rate_per_minute", "burst", "group_by", "group_seconds", "storm_after", "flap_count",
            "flap_seconds",
        )  # fmt: skip
        error_messages = {"name": {"unique": "There is already a source of this name."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mapping = self.instance.mapping if isinstance(self.instance.mapping, dict) else {}
        for name in expressions.FIELDS:
            if f"map_{name}" in self.fields:
                self.initial.setdefault(f"map_{name}", mapping.get(name, ""))

    map_title = Expression(label="Title")
    map_severity = Expression(label="Severity")
    map_action = Expression(
        label="Action",
        help_text="trigger, acknowledge or resolve, or a word such as ok, firing, closed.",
    )
    map_dedup_key = Expression(
        label="Deduplication key",
        help_text="What stays the same from the first event to the recovery: "
        "join('/', [host, check]). Never a value that changes.",
    )
    map_description = Expression(label="Description")
    map_link = Expression(label="Link")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        mapping = {
            name: text
            for name in expressions.FIELDS
            if (text := (data.get(f"map_{name}") or "").strip())
        }
        for name, sentence in expressions.check(mapping).items():
            self.add_error(f"map_{name}", sentence)
        if not self.errors:
            self.instance.mapping = mapping
        return data


class GraceForm(forms.Form):
    """How long the key that is replaced stays good."""

    grace = forms.ChoiceField(
        label="The old key works", choices=[(name, label) for name, (label, _) in GRACES.items()]
    )

    def clean_grace(self) -> timedelta | None:
        return GRACES[self.cleaned_data["grace"]][1]


class LogFilters(forms.Form):
    """The inbound log's filters. Nonsense in the address selects nothing and says so."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Text of the body, or a number"}
        ),
    )
    outcome = forms.ChoiceField(
        required=False, choices=[("", "Any"), ("waiting", "Waiting"), *Word.choices]
    )
    integration = forms.ModelChoiceField(
        Integration.objects.none(), required=False, empty_label="Any"
    )
    since = WallField(label="From", required=False)
    until = WallField(label="Until", required=False)
    route = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    alert = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, integrations: Any, zone: tzinfo, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.zone = zone
        choice: Any = self.fields["integration"]
        choice.queryset = integrations.order_by("name")

    def apply(self, events: Any) -> Any:
        """Return the events the (valid) filters leave, oldest bodies unsearched."""
        data = self.cleaned_data
        if data["integration"]:
            events = events.filter(integration=data["integration"])
        if data["outcome"] == "waiting":
            events = events.waiting()
        elif data["outcome"]:
            events = events.filter(outcome=data["outcome"])
        if data["alert"]:
            of_alert = EventOutcome.objects.filter(alert=data["alert"]).values("event")
            events = events.filter(pk__in=of_alert)
        if data["since"]:
            events = events.filter(pk__gte=number_at(first_instant(data["since"], self.zone)))
        if data["until"]:
            events = events.filter(pk__lt=number_at(last_instant(data["until"], self.zone)))
        if data["route"]:
            decided = EventOutcome.objects.filter(routed_by=data["route"], event=OuterRef("pk"))
            events = events.filter(Exists(decided))
        if data["q"]:
            events = events.mentioning(data["q"])
        return events
