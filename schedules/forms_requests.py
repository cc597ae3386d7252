"""Forms of what people ask of each other: time off that somebody covers, requests to swap."""

from datetime import datetime
from typing import Any

from accounts.models import User
from groups.models import Group
from schedules.forms import WallField
from schedules.forms_span import BACKWARDS, SpanForm
from schedules.models import SwapRequest, TimeOff
from schedules.sight import pageable_members
from schedules.walltime import first_instant, last_instant


class TimeOffForm(SpanForm):
    """Who is away when, in which group or in all, and who covers."""

    class Meta:
        model = TimeOff
        fields = ["user", "group", "starts_at", "ends_at", "covered_by", "reason"]
        labels = {"user": "Who is away", "group": "Where", "covered_by": "Who covers"}

    def __init__(self, data: Any = None, *, viewer: User, **given: Any) -> None:
        super().__init__(data, **given)
        user, group, cover = (self._field(n) for n in ("user", "group", "covered_by"))
        mine = Group.objects.active().filter(members__user=viewer)
        edited = Group.objects.editable_by(viewer).active()
        colleagues = User.objects.responders()
        near = colleagues.filter(memberships__group__in=(mine | edited).values("pk"))
        user.queryset = colleagues.filter(pk__in=[*_people(edited), viewer.pk]).order_by("name")
        user.empty_label = None
        group.queryset = (mine | edited).distinct().order_by("name")
        group.empty_label = "In all groups"
        group.help_text = ""
        cover.queryset = near.distinct().order_by("name")
        cover.empty_label = "Nobody"
        cover.help_text = "They are asked, and may decline. Nobody: lower layers, or a gap."
        for field, sentence in (
            (user, "Choose yourself, or a member of a group you may edit."),
            (group, "Choose one of your groups."),
            (cover, "Choose a member of the group."),
        ):
            field.error_messages["invalid_choice"] = sentence

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def begun(self) -> None:
        """Whose it is and where stays, too."""
        super().begun()
        self.fields["user"].disabled = self.fields["group"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user, cover, group = (cleaned.get(name) for name in ("user", "covered_by", "group"))
        if user is not None and user == cover:
            self.add_error("covered_by", "Nobody can cover for themselves.")
        if group is not None and user is not None and not _is_in(user, group):
            self.add_error("user", f"{user} is not a member of {group}.")
        return cleaned


class SwapForm(SpanForm):
    """Who takes my shifts, perhaps in return for some of theirs?"""

    return_starts_at = WallField(label="In return from", required=False)
    return_ends_at = WallField(label="In return until", required=False)

    class Meta:
        model = SwapRequest
        fields = [
            "user", "starts_at", "ends_at", "offered_to", "return_starts_at", "return_ends_at",
            "note",
        ]  # fmt: skip
        labels = {"user": "Whose shifts", "offered_to": "Ask"}

    def __init__(self, data: Any = None, *, viewer: User, may_edit: bool, **given: Any) -> None:
        super().__init__(data, **given)
        members = pageable_members(self.instance.schedule.group_id)
        user, asked = self._field("user"), self._field("offered_to")
        user.queryset = members if may_edit else members.filter(pk=viewer.pk)
        user.empty_label = None
        asked.queryset = members if may_edit else members.exclude(pk=viewer.pk)
        asked.empty_label, asked.help_text = "Everybody in the group", ""
        for field in (user, asked):
            field.error_messages["invalid_choice"] = "Choose a member of the group."
        sentence = "You take these of theirs. Leave both empty for plain cover."
        self.fields["return_ends_at"].help_text = sentence

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def clean_return_starts_at(self) -> datetime | None:
        wall = self.cleaned_data["return_starts_at"]
        return first_instant(wall, self.zone) if wall else None

    def clean_return_ends_at(self) -> datetime | None:
        wall = self.cleaned_data["return_ends_at"]
        return last_instant(wall, self.zone) if wall else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("return_starts_at"), cleaned.get("return_ends_at")
        if not {"return_starts_at", "return_ends_at"} & set(self.errors):
            if (start is None) != (end is None):
                name = "return_ends_at" if start else "return_starts_at"
                self.add_error(name, "Say from when to when, or leave both empty.")
            elif start and end and end <= start:
                self.add_error("return_ends_at", BACKWARDS)
        if cleaned.get("user") is not None and cleaned.get("user") == cleaned.get("offered_to"):
            self.add_error("offered_to", "Nobody can cover for themselves.")
        return cleaned


def _people(groups: Any) -> list[int]:
    return list(
        User.objects.filter(memberships__group__in=groups).values_list("pk", flat=True).distinct()
    )


def _is_in(user: User, group: Group) -> bool:
    return group.members.filter(user=user).exists()
