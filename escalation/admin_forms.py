"""The console's forms of policies: one row per level, channels typed as people say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.models import BaseInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.channels import CHANNELS
from alertops import durations
from escalation.models import Level, LevelChannel, Policy
from escalation.plan import Aim, ChannelStep, LevelPlan, PolicyPlan
from escalation.states import Target
from escalation.validity import problems

_PART = re.compile(
    r"(?:by )?(?P<names>.+?)(?: (?:at once|immediately)| (?:after|in|\+) ?(?P<delay>.+?))?"
)
_AND = re.compile(r" and | & |/")


def _spelt() -> dict[str, str]:
    """Every way to write a channel's name: kind, noun or label, with or without hyphens."""
    found = {}
    for kind, channel in CHANNELS.items():
        for name in (kind, channel.noun, channel.label):
            found[name.lower()] = found[name.lower().replace("-", "")] = kind
    return found


def parse_sequence(text: str) -> tuple[ChannelStep, ...]:
    """Read "push and SMS at once, phone after 2 min". Raises ValidationError with one sentence."""
    steps: list[ChannelStep] = []
    for part in re.split(r"[,;\n]", text):
        if words := " ".join(part.lower().split()):
            steps += _steps(words)
    return tuple(sorted(dict.fromkeys(steps), key=lambda step: step.delay))


def _steps(words: str) -> Iterator[ChannelStep]:
    found, spelt = _PART.fullmatch(words), _spelt()
    names = found["names"] if found else words
    delay = durations.parse(found["delay"]) if found and found["delay"] else 0
    for name in _AND.split(names):
        if name.strip() not in spelt:
            known = ", ".join(channel.noun or kind for kind, channel in CHANNELS.items())
            raise ValidationError(f"“{name.strip()[:40]}” is not a channel; use {known}.")
        yield ChannelStep(spelt[name.strip()], delay)


def sequence_words(steps: Iterable[ChannelStep]) -> str:
    """Write a sequence so that `parse_sequence` reads the same back."""
    parts: dict[int, list[str]] = {}
    for step in sorted(steps, key=lambda step: step.delay):
        channel = CHANNELS.get(step.kind)
        parts.setdefault(step.delay, []).append((channel and channel.noun) or step.kind)
    return ", ".join(
        f"{' and '.join(names)} " + (f"after {durations.words(delay)}" if delay else "at once")
        for delay, names in parts.items()
    )


class SequenceField(forms.Field):
    """A text box for a level's own channels; the cleaned value is a tuple of steps."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> tuple[ChannelStep, ...]:
        return parse_sequence(str(value or ""))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else sequence_words(value or ())

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != self.to_python(self.prepare_value(initial))
        except ValidationError:
            return True


class PolicyForm(forms.ModelForm):
    """The policy itself; its levels are the formset below."""

    class Meta:
        model = Policy
        fields = [
            "name", "description", "notification_type", "repeat_rounds",
            "acknowledgement_timeout_seconds",
        ]  # fmt: skip
        labels = {"acknowledgement_timeout_seconds": "Acknowledgement time-out"}
        error_messages = {"name": {"unique": "There is already a policy of this name."}}
        widgets = {"description": UnfoldAdminTextareaWidget({"rows": 3})}


class LevelForm(forms.ModelForm):
    """One level. Left out, its position is the next; its channels are saved with it."""

    sequence = SequenceField(
        label="Own channels",
        required=False,
        help_text="For the notification type “policy”: such as “push and SMS at once, phone after "
        "2 min”. Empty: each person's own rules.",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Level
        fields = [
            "position", "target", "user", "group", "sequence", "times_to_notify",
            "interval_seconds", "member_wait_seconds", "wait_seconds",
        ]  # fmt: skip
        labels = {
            "target": "Whom",
            "user": "Person",
            "times_to_notify": "How often",
            "interval_seconds": "Interval",
            "member_wait_seconds": "Wait between members",
            "wait_seconds": "Wait",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "position" in self.fields:
            self.fields["position"].required = False
            self.fields["position"].validators += [MinValueValidator(1), MaxValueValidator(1000)]
        if self.instance.pk:
            rows = self.instance.channels.all()
            self.initial["sequence"] = tuple(
                ChannelStep(row.kind, row.delay_seconds) for row in rows
            )

    def has_changed(self) -> bool:
        """A new level counts even where every default suits."""
        return self.instance.pk is None or super().has_changed()

    def _get_validation_exclusions(self) -> set[str]:
        # Positions are compared within the form, not with rows that are about to change.
        return {*super()._get_validation_exclusions(), "position"}  # type: ignore[misc]

    def clean(self) -> Any:
        data = super().clean() or self.cleaned_data
        for name, target in (("user", Target.USER), ("group", Target.GROUP)):
            wanted, given = data.get("target") == target, data.get(name)
            if wanted and not given and name not in self.errors:
                self.add_error(name, f"Choose it: the level is for “{target.label.lower()}”.")
            if given and not wanted:
                self.add_error(name, f"Leave this empty, or choose “{target.label.lower()}”.")
        return data

    def as_plan(self) -> LevelPlan:
        """The level as the plan reads it."""
        data = self.cleaned_data
        named = data.get("user") or data.get("group")
        return LevelPlan(
            aim=Aim(data["target"], named.pk if named else None),
            times=data["times_to_notify"],
            interval=data["interval_seconds"],
            member_wait=data["member_wait_seconds"],
            wait=data["wait_seconds"],
            channels=data["sequence"],
        )

    def save(self, commit: bool = True) -> Any:
        level = super().save(commit)
        if commit and "sequence" in self.changed_data:
            level.channels.all().delete()
            LevelChannel.objects.bulk_create(
                LevelChannel(level=level, kind=step.kind, delay_seconds=step.delay)
                for step in self.cleaned_data["sequence"]
            )
        return level


class LevelFormSet(BaseInlineFormSet):
    """The levels of one policy: in order, and making sense together."""

    def clean(self) -> None:
        super().clean()
        kept: list[Any] = [form for form in self.forms if form not in self.deleted_forms]
        # What is wrong with a whole level is said here: beside it the console has no room.
        wrong = [
            f"Level {number}: {sentence}"
            for number, form in enumerate(kept, start=1)
            for sentence in form.non_field_errors()
        ]
        if wrong:
            raise ValidationError(wrong)
        if any(form.errors for form in kept):
            return
        self._number(kept)
        kept.sort(key=lambda form: form.instance.position)
        policy = self.instance
        found = problems(
            PolicyPlan(
                name=policy.name,
                levels=tuple(form.as_plan() for form in kept),
                notification_type=policy.notification_type,
                repeat_rounds=policy.repeat_rounds or 0,
                acknowledgement_timeout=policy.acknowledgement_timeout_seconds,
            )
        )
        if found:
            raise ValidationError(found)

    def _number(self, forms_: list[Any]) -> None:
        """Give levels without a position the next one; two of the same are refused."""
        taken = [form.cleaned_data.get("position") for form in forms_]
        last = max((position for position in taken if position is not None), default=0)
        for form, position in zip(forms_, taken, strict=True):
            if position is None:
                last += 1
                form.instance.position = form.cleaned_data["position"] = last
        given = [position for position in taken if position is not None]
        if len(set(given)) < len(given):
            raise ValidationError("Two levels have the same position.")
