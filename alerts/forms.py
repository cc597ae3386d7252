"""What people may say about alerts: find them, open one, and the few words a verb needs."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.forms.models import ModelChoiceIterator

from accounts.models import ContactMethod, User
from accounts.roles import ADMIN_ROLES
from alerts.models import Alert, Source
from alerts.states import Severity, Status
from groups.models import Group, Member

OPEN = "open"


class PersonField(forms.ModelChoiceField):
    """A select of people by name; the address of one only where two have the same name."""

    def label_from_instance(self, obj: Any) -> str:
        if obj.name and obj.namesakes == 1:
            return str(obj.name)
        return f"{obj.name} ({obj.email})" if obj.name else str(obj.email)


class Filters(forms.Form):
    """The list's filters. Nonsense in the address selects nothing and says so beside the field."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Title or #number", "autocomplete": "off"}
        ),
    )
    status = forms.ChoiceField(
        required=False,
        choices=[(OPEN, "Open"), *Status.choices, ("snoozed", "Snoozed"), ("all", "All")],
    )
    severity = forms.ChoiceField(required=False, choices=[("", "Any"), *Severity.choices])
    group = forms.ModelChoiceField(Group.objects.none(), required=False, empty_label="Any")
    integration = forms.ModelChoiceField(Source.objects.none(), required=False, empty_label="Any")
    mine = forms.BooleanField(label="Mine", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        groups = Group.objects.visible_to(user)
        self._choose("group").queryset = groups
        self._choose("integration").queryset = sources_for(user, self.data.get("integration"))

    def _choose(self, name: str) -> Any:
        return self.fields[name]

    def apply(self, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
        """Return the alerts the (valid) filters leave."""
        data = self.cleaned_data
        alerts = by_status(alerts, data["status"] or OPEN)
        if data["severity"]:
            alerts = alerts.filter(severity=data["severity"])
        if data["group"]:
            alerts = alerts.filter(group=data["group"])
        if data["integration"]:
            alerts = alerts.filter(source=data["integration"])
        if data["mine"]:
            alerts = alerts.filter(Q(assignee=self.user))
        return search(alerts, data["q"])


def sources_for(user: User, chosen: Any = None) -> QuerySet[Source]:
    """Return the sources whose names a person may know: those of open alerts in sight.

    One `chosen` before stays, as long as anything of it can be seen, so that a filter does not
    break when its last alert is resolved.
    """
    sources = Source.objects.order_by("name")
    if user.is_staff:
        return sources
    visible = Alert.objects.visible_to(user).filter(source=OuterRef("pk"))
    known = Q(Exists(visible.open()))
    pk = str(chosen or "")
    if pk.isascii() and pk.isdecimal() and len(pk) < 19:
        known |= Q(Exists(visible), pk=int(pk))
    return sources.filter(known)


def by_status(alerts: QuerySet[Alert], status: str) -> QuerySet[Alert]:
    """Return the alerts of one status, of "open", "snoozed" or "all"."""
    if status == "all":
        return alerts
    if status == "snoozed":
        return alerts.filter(status=Status.TRIGGERED, snoozed_until__isnull=False)
    if status == OPEN:
        return alerts.filter(status__in=[Status.TRIGGERED, Status.ACKNOWLEDGED])
    return alerts.filter(status=status)


def search(alerts: QuerySet[Alert], words: str) -> QuerySet[Alert]:
    """Return the alerts whose title has all the words, or the one whose #number it is."""
    number = words.strip().removeprefix("#")
    if number.isdecimal() and number.isascii() and len(number) < 18:
        return alerts.filter(Q(pk=int(number)) | Q(title__icontains=words.strip()))
    for word in words.split()[:8]:
        alerts = alerts.filter(title__icontains=word)
    return alerts


class CreateForm(forms.Form):
    """Open an alert by hand."""

    title = forms.CharField(
        max_length=200,
        label="What is wrong?",
        help_text="One line; it is what a text message says first.",
        error_messages={"required": "Say in one line what is wrong."},
    )
    group = forms.ModelChoiceField(
        Group.objects.none(),
        required=False,
        label="Alert a group",
        empty_label="No group",
        help_text="Whoever is on call is paged, then the next level.",
    )
    person = PersonField(
        User.objects.none(),
        required=False,
        label="or one person",
        empty_label="Nobody",
        help_text="Only this person is paged.",
    )
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.CRITICAL)
    description = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What you know so far: what is affected, since when, where to look.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["group"].queryset = Group.objects.active().visible_to(user)
        fields["person"].queryset = reachable_people()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if not self.has_error("group") and not self.has_error("person"):
            if data.get("group") and data.get("person"):
                self.add_error("person", "Choose a group or a person, not both.")
            if not data.get("group") and not data.get("person"):
                self.add_error("group", "Choose a group, or a person, to alert.")
        return data


def reachable_people() -> QuerySet[User]:
    """People who can be paged: active, with a verified contact method."""
    usable = ContactMethod.objects.usable().filter(user=OuterRef("pk"))
    namesakes = Window(Count("pk"), partition_by=[F("name")])
    people = User.objects.active().filter(Exists(usable)).annotate(namesakes=namesakes)
    return people.order_by("name", "pk")


def people_for(alert: Alert) -> QuerySet[User]:
    """Who may be given an alert: its group's people first, and nobody who may not see it."""
    group = alert.group
    members = Member.objects.filter(group=group, user=OuterRef("pk"))
    people = reachable_people().annotate(is_member=Exists(members))
    if group is not None and group.visibility == Group.Visibility.MEMBERS:
        people = people.filter(Q(is_member=True) | Q(roles__overlap=sorted(ADMIN_ROLES)))
    return people.order_by("-is_member", "name", "pk")


class _TeamFirst(ModelChoiceIterator):
    """The group's people under its name, everybody else below."""

    def __iter__(self) -> Iterator[Any]:
        rows: list[tuple[bool, Any]] = [(bool(o.is_member), self.choice(o)) for o in self.queryset]
        yield ("", self.field.empty_label)
        if team := [choice for is_member, choice in rows if is_member]:
            yield ("In the group", team)
        if others := [choice for is_member, choice in rows if not is_member]:
            yield ("Everybody else", others) if team else ("Everybody", others)


class TeamPersonField(PersonField):
    iterator = _TeamFirst


class AssignForm(forms.Form):
    """To whom?"""

    person = TeamPersonField(
        User.objects.none(),
        empty_label="Choose a person",
        error_messages={
            "required": "Choose a person to assign this alert to.",
            "invalid_choice": "This person cannot be given the alert; choose from the list.",
        },
    )

    def __init__(self, *args: Any, alert: Alert, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["person"].queryset = people_for(alert)


class SnoozeForm(forms.Form):
    """For how long?"""

    minutes = forms.TypedChoiceField(
        label="For",
        coerce=int,
        choices=[
            (15, "15 minutes"),
            (30, "30 minutes"),
            (60, "1 hour"),
            (120, "2 hours"),
            (240, "4 hours"),
            (480, "8 hours"),
            (1440, "1 day"),
            (10080, "1 week"),
        ],
        initial=60,
        error_messages={
            "required": "Choose how long to snooze this alert.",
            "invalid_choice": "Choose one of the lengths of time on the list.",
        },
    )


class NoteForm(forms.Form):
    """What did you see?"""

    note = forms.CharField(
        max_length=5000,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": "What you see, what you tried, what helped"}
        ),
        error_messages={"required": "Write something first."},
    )
