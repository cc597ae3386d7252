"""What people say about maintenance windows and technical services."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import zones
from accounts.models import User
from groups.models import Group
from integrations.forms import ConditionsField
from integrations.models import Integration, MaintenanceWindow, Service
from integrations.windows import Every
from schedules.walltime import zone_of

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _several(label: str, empty: str) -> Any:
    return forms.ModelMultipleChoiceField(
        Integration.objects.none(),
        label=label,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        error_messages={"invalid_choice": f"Choose {empty} of the list."},
    )


class WindowForm(forms.ModelForm):
    """A maintenance window. Of one that goes on, only its end and its words may change."""

    every = forms.ChoiceField(choices=Every.choices, label="Happens")
    time_zone = forms.ChoiceField(choices=zones, label="Clocks of")
    weekdays = forms.TypedMultipleChoiceField(
        choices=list(enumerate(_DAYS)),
        coerce=int,
        required=False,
        label="On",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        help_text="For a weekly window.",
    )
    integrations = _several("Integrations", "integrations")
    services = _several("Technical services", "services")
    groups = _several("Groups", "groups")
    conditions = ConditionsField(
        required=False,
        label="Only where",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
        help_text="One condition a line, all must hold: “labels.host starts db-”, “severity equals "
        "low”. Without any it is for everything chosen above.",
    )

    class Meta:
        model = MaintenanceWindow
        fields = (
            "name", "reason", "everything", "conditions", "every", "time_zone", "first_on",
            "begins_at", "last_on", "ends_at", "weekdays", "month_day", "at_end",
        )  # fmt: skip
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 2}),
            "first_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "last_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "begins_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "ends_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "at_end": forms.RadioSelect(attrs={"class": "choices"}),
        }

    def __init__(self, data: Any = None, *, viewer: User, now: datetime, **kwargs: Any) -> None:
        self.now = now
        instance = kwargs.get("instance") or MaintenanceWindow()
        if instance.pk is None:
            kwargs["initial"] = _in_an_hour(viewer, now) | kwargs.get("initial", {})
        super().__init__(data, **{"label_suffix": "", **kwargs, "instance": instance})
        self._offer("integrations", Integration.objects.visible_to(viewer).order_by("name"))
        self._offer("services", Service.objects.visible_to(viewer).order_by("name"))
        self._offer("groups", Group.objects.visible_to(viewer).order_by("name"))
        if instance.pk is not None and instance.starts_at <= now:
            for name in ("every", "time_zone", "first_on", "begins_at"):
                self.fields[name].disabled = True

    def _offer(self, name: str, rows: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        if self.instance.pk is not None:
            self.initial.setdefault(name, list(getattr(self.instance, name).all()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        chosen = [data.get(name) for name in ("integrations", "services", "groups")]
        if not data.get("everything") and not any(chosen):
            raise ValidationError(
                "Choose what it is about: integrations, services, groups or everything."
            )
        return data

    def _post_clean(self) -> None:
        """The model's own rules, and that it is not over before it is saved."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and self.instance.plan.bounds[1] <= self.now:
            self.add_error("last_on", "This is in the past; nothing would be held back.")


def _in_an_hour(viewer: User, now: datetime) -> dict[str, Any]:
    start = now.astimezone(zone_of(viewer.time_zone or "UTC")) + timedelta(hours=1)
    start = start.replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=2)
    return {
        "time_zone": viewer.time_zone or "UTC",
        "first_on": start.date(),
        "begins_at": start.time(),
        "last_on": end.date(),
        "ends_at": end.time(),
        "weekdays": [start.weekday()],
        "month_day": start.day,
        "at_end": "release",
    }


class ServiceForm(forms.ModelForm):
    """A technical service and what watches it."""

    integrations = _several("Watched by", "integrations")
    runbook = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="Where to read what to do when it is broken.",
    )

    class Meta:
        model = Service
        fields = ("name", "group", "criticality", "description", "runbook", "integrations")
        error_messages = {"name": {"unique": "There is already a service of this name."}}
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, data: Any = None, *, viewer: User, **kwargs: Any) -> None:
        super().__init__(data, **{"label_suffix": "", **kwargs})
        for name, rows in (
            ("integrations", Integration.objects.visible_to(viewer).order_by("name")),
            ("group", Group.objects.visible_to(viewer).order_by("name")),
        ):
            field: Any = self.fields[name]
            field.queryset = rows
        group: Any = self.fields["group"]
        group.empty_label = "Choose a group"
        self.fields["integrations"].help_text = "Their open alerts are the state of the service."
