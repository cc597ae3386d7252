"""A team with a calendar, in the database: plain functions with keyword defaults."""

from datetime import date, datetime, time, timedelta
from itertools import count

from accounts.models import User
from groups.models import Group, Member
from schedules.models import Override, Rotation, RotationMember, Schedule
from schedules.states import Fills, Role, Unit

NOW = datetime.fromisoformat("2026-01-07T12:00+00:00")  # a Wednesday, in the first turn
_numbers = count(1)


def person(name: str, **fields: object) -> User:
    return User.objects.create_user(
        f"{name.lower()}{next(_numbers)}@example.org", name=name, **fields
    )


def team(*members: User, name: str = "Payments", **fields: object) -> Group:
    """A group; its members have no box ticked."""
    slug = name.lower().replace(" ", "-")
    group = Group.objects.create(name=name, slug=slug, **fields)
    for user in members:
        join(group, user)
    return group


def join(group: Group, user: User, **boxes: bool) -> Member:
    return Member.objects.create(group=group, user=user, sequence=group.members.count(), **boxes)


def calendar(group: Group, *, time_zone: str = "Europe/Berlin", **fields: object) -> Schedule:
    plain = {"name": "Rota", "time_zone": time_zone}
    return Schedule.objects.create(group=group, **(plain | fields))


def turns(schedule: Schedule, *people: User, **fields: object) -> Rotation:
    """A weekly rotation, handed over on Mondays at nine, first on 5 January 2026."""
    plain = {
        "name": f"Weekly {schedule.rotations.count() + 1}",
        "unit": Unit.WEEK,
        "count": 1,
        "starts_on": date(2026, 1, 5),
        "handoff_at": time(9),
        "fills": Fills.PRIMARY,
    }
    rotation = Rotation.objects.create(schedule=schedule, **(plain | fields))
    for position, user in enumerate(people):
        RotationMember.objects.create(rotation=rotation, user=user, position=position)
    return rotation


def cover(schedule: Schedule, user: User, **fields: object) -> Override:
    """An override of the Primary from an hour ago for two hours."""
    hour = timedelta(hours=1)
    plain = {"role": Role.PRIMARY, "starts_at": NOW - hour, "ends_at": NOW + hour}
    return Override.objects.create(schedule=schedule, user=user, **(plain | fields))
