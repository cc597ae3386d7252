"""Every change to a calendar, one verb at a time: allowed? sensible? saved and recorded together.

Pages, API and console come through here and through the files beside it (`actions_away`,
`actions_swaps`, `actions_temporary`, `actions_feeds`). `actor` is None when the system itself acts
(demo data). What nonsense is refused is said by the models; who may do what, by `rights`. The past
is settled before anything is changed, so it stays as it was.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.models import User
from alertops import net
from schedules import recurrence
from schedules.actions_overrides import add_override, change_override, end_override
from schedules.lines_saved import (
    Place,
    Window,
    checked_line,
    checked_windows,
    present_handoff,
    rule_of,
    store_line,
    store_windows,
    today_of,
)
from schedules.models import (
    FixedShift,
    FixedShiftPerson,
    ImportedCalendar,
    NoticeSettings,
    Rotation,
    Schedule,
    validate_assignable,
)
from schedules.moving import moving
from schedules.rights import may_edit, may_override, require_editor, require_same_group

__all__ = [
    "Place",
    "add_override",
    "change_override",
    "end_override",
    "may_edit",
    "may_override",
    "remove",
    "save_calendar",
    "save_fixed_shift",
    "save_notices",
    "save_rotation",
    "save_schedule",
]
MOST_PEOPLE = 50
LONGEST_REPEATED = timedelta(days=100)
Layer = Rotation | FixedShift | ImportedCalendar


@transaction.atomic
def save_schedule(schedule: Schedule, *, actor: User | None, now: datetime) -> Schedule:
    """Add or change a schedule. Raises ValidationError or NotAllowed."""
    is_new = schedule.pk is None
    require_editor(actor, schedule.group)
    if not is_new and Schedule.objects.get(pk=schedule.pk).group_id != schedule.group_id:
        raise ValidationError({"group": "A schedule stays in its group; make another one there."})
    schedule.full_clean()
    with moving([schedule.group_id], f"Schedule “{schedule}”", actor=actor, now=now):
        schedule.save()
    audit.record("added" if is_new else "changed", schedule, actor=actor, now=now)
    return schedule


@transaction.atomic
def save_rotation(
    rotation: Rotation,
    line: Sequence[User | Place | None] | None,
    *,
    windows: Sequence[Window] | None = None,
    actor: User | None,
    now: datetime,
) -> Rotation:
    """Add or change a rotation and, unless None, who takes turns in which order and at what hours.

    Whoever has the turn keeps it: a changed rule waits for the present hand-off.
    """
    is_new = rotation.pk is None
    _require_layer(rotation, actor)
    rotation.full_clean()
    places = hours = None
    if line is not None:
        places = checked_line(line, rotation.schedule.group, today=today_of(rotation, now))
    if windows is not None:
        hours = checked_windows(windows)
    with moving([rotation.schedule.group_id], f"Rotation “{rotation}”", actor=actor, now=now):
        old = None if is_new else rule_of(rotation)
        handoff = None if is_new else present_handoff(rotation, now)
        rotation.save()
        if places is not None:
            store_line(rotation, places)
        if hours is not None:
            store_windows(rotation, hours)
        if old is not None:
            _wait(rotation, old, handoff, now)
    facts: dict[str, Any] = {}
    if places is not None:
        facts["members"] = [place.user.pk if place.user else None for place in places]
    audit.record("added" if is_new else "changed", rotation, actor=actor, now=now, **facts)
    return rotation


@transaction.atomic
def save_fixed_shift(
    shift: FixedShift, people: Sequence[User] | None, *, actor: User | None, now: datetime
) -> FixedShift:
    """Add or change a fixed shift and, unless None, who is on it."""
    is_new = shift.pk is None
    _require_layer(shift, actor)
    shift.full_clean()
    if shift.rule:
        shift.rule = _repeated(shift)
    who = list(dict.fromkeys(people)) if people is not None else None
    _check_people(shift, who)
    with moving([shift.schedule.group_id], f"Fixed shift “{shift}”", actor=actor, now=now):
        shift.save()
        if who is not None:
            shift.people.all().delete()
            for position, user in enumerate(who):
                FixedShiftPerson.objects.create(shift=shift, user=user, position=position)
    facts = {} if who is None else {"people": [user.pk for user in who]}
    audit.record("added" if is_new else "changed", shift, actor=actor, now=now, **facts)
    return shift


@transaction.atomic
def save_calendar(
    calendar: ImportedCalendar, *, actor: User | None, now: datetime
) -> ImportedCalendar:
    """Add or change a calendar elsewhere. It is read within a minute, the last good copy kept."""
    before = None if calendar.pk is None else ImportedCalendar.objects.get(pk=calendar.pk)
    _require_layer(calendar, actor)
    calendar.url = calendar.url.strip()
    if calendar.url.lower().startswith(("webcal://", "webcals://")):
        calendar.url = "https://" + calendar.url.partition("://")[2]
    try:
        net.parse(calendar.url)
    except net.Blocked as refusal:
        raise ValidationError({"url": str(refusal)}) from None
    calendar.full_clean()
    if before is None or (before.url, before.time_zone) != (calendar.url, calendar.time_zone):
        calendar.etag = calendar.modified = calendar.error = ""
        calendar.failures, calendar.next_fetch_at, calendar.tried_at = 0, now, None
    with moving([calendar.schedule.group_id], f"Calendar “{calendar}”", actor=actor, now=now):
        calendar.save()
    verb = "changed" if before else "added"
    audit.record(verb, calendar, actor=actor, now=now)
    return calendar


@transaction.atomic
def save_notices(notices: NoticeSettings, *, actor: User | None, now: datetime) -> NoticeSettings:
    """Say who is told about hand-offs of a schedule."""
    require_editor(actor, notices.schedule.group)
    notices.full_clean(validate_unique=False)
    notices.save()
    audit.record("changed the notices of", notices.schedule, actor=actor, now=now)
    return notices


@transaction.atomic
def remove(thing: Schedule | Layer, *, actor: User | None, now: datetime) -> None:
    """Delete a schedule or a layer with all that hangs on it; what was stays on record."""
    group = thing.group if isinstance(thing, Schedule) else thing.schedule.group
    require_editor(actor, group)
    what = f"“{thing}” was removed"
    audit.record("deleted", thing, actor=actor, now=now)
    with moving([group.pk], what, actor=actor, now=now):
        thing.delete()


def _require_layer(layer: Layer, actor: User | None) -> None:
    require_editor(actor, layer.schedule.group)
    if layer.pk is not None:
        before = type(layer)._default_manager.select_for_update(of=("self",)).get(pk=layer.pk)
        require_same_group(before.schedule, layer.schedule)


def _wait(rotation: Rotation, old: dict[str, Any], handoff: datetime | None, now: datetime) -> None:
    """Let the rule of before stay in force until the present hand-off, where there is one."""
    new = rule_of(rotation)
    pending = rotation.takes_effect_at is not None and rotation.takes_effect_at > now
    if new == old:
        return
    if pending and rotation.outgoing is not None:
        if new != rotation.outgoing:
            return  # whoever has the turn by the rule of then keeps it, as was said then
        handoff = None  # back to what it was
    if handoff is None:
        rotation.takes_effect_at, rotation.outgoing = None, None
    else:
        rotation.takes_effect_at, rotation.outgoing = handoff, old
    rotation.save(update_fields=["takes_effect_at", "outgoing"])


def _repeated(shift: FixedShift) -> str:
    """Return the rule as it is kept. A look-up goes back as far as one shift is long, so a shift
    that repeats has a limit."""
    starts = datetime.combine(shift.starts_on, shift.starts_time)
    if datetime.combine(shift.ends_on, shift.ends_time) - starts > LONGEST_REPEATED:
        raise ValidationError(
            {"ends_on": f"A shift that repeats lasts at most {LONGEST_REPEATED.days} days."}
        )
    try:
        return recurrence.parse(shift.rule, shift.starts_on).text
    except ValueError as refusal:
        raise ValidationError({"rule": str(refusal)}) from None


def _check_people(shift: FixedShift, people: list[User] | None) -> None:
    if people is None:
        people = [each.user for each in shift.people.select_related("user")] if shift.pk else []
    if shift.is_nobody and people:
        raise ValidationError("Either nobody is on this shift on purpose, or people are named.")
    if not shift.is_nobody and not people:
        raise ValidationError("Say who is on this shift, or that nobody is on purpose.")
    if len(people) > MOST_PEOPLE:
        raise ValidationError(f"At most {MOST_PEOPLE} people share a shift.")
    for user in people:
        validate_assignable(user, shift.schedule.group)
