"""One schedule looked at as a whole: its warnings and quality, and everybody's hours."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.signed_in import person
from alertops import clock
from schedules.bars import KINDS, LABELS, bars, written
from schedules.duty_hours import midnight
from schedules.hours import HOUR, NONE, Hours
from schedules.models import EARLIEST, LATEST, Schedule
from schedules.review import hours_of, review
from schedules.states import Role
from schedules.walltime import zone_of

LONGEST = timedelta(days=366)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
COLUMNS = ("Person", "Shifts", "Nights", "Weekends", "Public holidays", "Total", "So far")


class Senseless(Exception):
    """What was asked for cannot be shown; the message says why."""


@dataclass(frozen=True)
class Stretch:
    """The days asked for, both included, on the clocks of a zone."""

    first: date
    last: date
    zone: tzinfo

    @property
    def instants(self) -> tuple[datetime, datetime]:
        return midnight(self.first, self.zone), midnight(self.last + DAY, self.zone)

    @property
    def query(self) -> str:
        return f"from={self.first}&until={self.last}"


@login_required
@require_safe
def warnings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is wrong with a schedule, how good it is, and what would make it better."""
    return render(request, "schedules/warnings.html", _reviewed(request, pk))


@login_required
@require_safe
def warnings_card(request: HttpRequest, pk: int) -> HttpResponse:
    """A piece for the schedule's page: the score and the worst of the warnings."""
    context = _reviewed(request, pk)
    return render(request, "schedules/_health.html", context)


def _reviewed(request: HttpRequest, pk: int) -> dict[str, Any]:
    schedule, zone, choice = _asked(request, pk)
    found = review(schedule, clock.now(), zone=zone)
    loads = found.quality.loads if found.quality else ()
    return {
        "schedule": schedule,
        "zone": zone,
        "zone_choice": choice,
        "now": found.now,
        "findings": found.findings,
        "quality": found.quality,
        "advice": found.advice,
        "loads": [(found.people[load.user], load, written(load.hours)) for load in loads],
    }


@login_required
@require_safe
def hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Show or download everybody's hours from the day ?from= to the day ?until=, both included."""
    schedule, zone, choice = _asked(request, pk)
    now, refusal = clock.now(), ""
    plain = _presets(now.astimezone(zone).date(), zone)
    try:
        stretch = _stretch(request, zone, plain[0][1])
    except Senseless as error:
        stretch, refusal = plain[0][1], str(error)
    role = Role(request.GET["role"]) if request.GET.get("role") in Role.values else None
    found, people = hours_of(schedule, *stretch.instants, zone, now=now, role=role)
    if request.GET.get("format") == "csv" and not refusal:
        rows = [_cells(str(people[each.user]), each) for each in found]
        return _download(schedule, stretch, rows)
    since, until = stretch.instants
    everything = sum((each.total for each in found), NONE)
    drawn, mean = bars(found)
    context = {
        "schedule": schedule,
        "zone": zone,
        "zone_choice": choice,
        "role": role,
        "roles": Role,
        "stretch": stretch,
        "presets": plain,
        "refusal": refusal,
        "straddles": since < now < until,
        "rows": [
            (people[each.user], bar, _shown(each, everything))
            for each, bar in zip(found, drawn, strict=True)
        ],
        "legend": [(kind, LABELS[kind]) for kind in KINDS],
        "mean": mean,
        "mean_words": written(everything / len(found)) if found else "",
    }
    return render(request, "schedules/hours.html", context, status=422 if refusal else 200)


def _asked(request: HttpRequest, pk: int) -> tuple[Schedule, tzinfo, str]:
    """Return the schedule, the clocks to read it by, and whether those are the reader's own."""
    user = person(request)
    visible = Schedule.objects.visible_to(user).select_related("group")
    schedule = get_object_or_404(visible, pk=pk)
    if request.GET.get("zone") == "mine":
        return schedule, zone_of(user.time_zone), "mine"
    return schedule, schedule.zone, ""


def _presets(today: date, zone: tzinfo) -> list[tuple[str, Stretch]]:
    first = today.replace(day=1)
    before = first - DAY
    following = (first + 31 * DAY).replace(day=1)
    return [
        ("Next 12 weeks", Stretch(today, today + 12 * WEEK - DAY, zone)),
        ("This month", Stretch(first, following - DAY, zone)),
        ("Last month", Stretch(before.replace(day=1), before, zone)),
        ("Last 12 weeks", Stretch(today - 12 * WEEK, today - DAY, zone)),
        ("Next 52 weeks", Stretch(today, today + 52 * WEEK - DAY, zone)),
    ]


def _stretch(request: HttpRequest, zone: tzinfo, plain: Stretch) -> Stretch:
    """Return the days asked for, or `plain`. Raises Senseless."""
    texts = [request.GET.get(name, "").strip() for name in ("from", "until")]
    if not any(texts):
        return plain
    try:
        first, last = (date.fromisoformat(text) for text in texts)
    except ValueError:
        raise Senseless("Write both days such as 2026-03-29.") from None
    if last < first:
        raise Senseless("The last day must not be before the first.")
    if not EARLIEST < first <= last < LATEST - DAY:
        raise Senseless("Days lie between 2000 and 2199.")
    if last - first >= LONGEST:
        raise Senseless(f"At most {LONGEST.days} days can be shown at once.")
    return Stretch(first, last, zone)


def _shown(hours: Hours, everything: timedelta) -> dict[str, Any]:
    return {
        "shifts": hours.shifts,
        "nights": written(hours.nights),
        "weekends": written(hours.weekends),
        "holidays": written(hours.holidays),
        "total": written(hours.total),
        "past": written(hours.past),
        "share": round(100 * (hours.total / everything)) if everything else 0,
    }


def _cells(name: str, hours: Hours) -> list[str]:
    spans = (hours.nights, hours.weekends, hours.holidays, hours.total, hours.past)
    return [_harmless(name), str(hours.shifts), *(f"{span / HOUR:.2f}" for span in spans)]


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _download(schedule: Schedule, stretch: Stretch, rows: Sequence[Sequence[str]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = slugify(f"hours {schedule.group.name} {schedule.name}")[:80] or "hours"
    response["Content-Disposition"] = (
        f'attachment; filename="{name}-{stretch.first}-{stretch.last}.csv"'
    )
    writer = csv.writer(response)
    writer.writerow([*COLUMNS, "From", "Until", "Time zone"])
    for row in rows:
        writer.writerow([*row, stretch.first, stretch.last, stretch.zone])
    return response
