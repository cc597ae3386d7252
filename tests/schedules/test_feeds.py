"""Calendar feeds: final shifts only, the same entries after an edit, and nothing to guess."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from django.test import Client

from accounts.errors import NotAllowed
from accounts.models import AuditEntry, User
from schedules import actions, actions_feeds, feeds, oncall
from schedules.models import CalendarFeed, Override, Rotation, Schedule
from tests.schedules.rows import NOW, join, team, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = datetime(2025, 12, 23, tzinfo=UTC)
UNTIL = datetime(2026, 7, 6, tzinfo=UTC)


@pytest.fixture
def rota(schedule: Schedule, ann: User, ben: User, frozen: object) -> Rotation:
    Schedule.objects.update(created_at=NOW - DAY)
    return turns(schedule, ann, ben)


def path(user: User, **of: Any) -> str:
    _, address = actions_feeds.create_feed(user, now=NOW, **of)
    return address.partition("//")[2].partition("/")[2].join(["/", ""])


def read(address: str, **headers: str) -> Any:
    return Client().get(address, headers=headers)


def entries(address: str) -> dict[str, icalendar.Event]:
    """The shifts of a feed by UID; the note at its end left out."""
    calendar = icalendar.Calendar.from_ical(read(address).content)
    return {str(e["UID"]): e for e in calendar.walk("VEVENT") if not e["UID"].startswith("cut")}


def times(address: str) -> list[tuple[str, str]]:
    found = [(e.start, e.end) for e in entries(address).values()]
    return [(f"{a:%m-%d %H:%M}", f"{b:%m-%d %H:%M}") for a, b in sorted(found)]


def override(schedule: Schedule, user: User, **fields: Any) -> Override:
    plain = {"role": "primary", "starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
    made = Override(schedule=schedule, user=user, **(plain | fields))
    return actions.add_override(made, actor=None, now=NOW)


def test_a_personal_feed_has_ones_own_shifts_only_overrides_counted(rota, ann, ben, cleo) -> None:
    override(rota.schedule, cleo)
    mine = times(path(ann))
    assert mine[:2] == [("01-05 08:00", "01-08 12:00"), ("01-09 12:00", "01-12 08:00")]
    assert times(path(cleo)) == [("01-08 12:00", "01-09 12:00")]
    assert all("ann" not in str(e).lower() for e in entries(path(cleo)).values())


def test_a_schedules_feed_is_what_the_resolver_says_from_15_days_back_to_180_ahead(
    rota, ben, cleo
) -> None:
    override(rota.schedule, cleo)
    body = read(path(ben, schedule=rota.schedule)).content
    calendar = icalendar.Calendar.from_ical(body)
    drawn = {
        (str(e["SUMMARY"]).partition(" · ")[0], max(e.start, SINCE), min(e.end, UNTIL))
        for e in recurring_ical_events.of(calendar).between(SINCE, UNTIL)
        if not e["UID"].startswith("cut")
    }
    names = dict(User.objects.values_list("pk", "name"))
    said = {
        (names[s.user], s.start, s.end)
        for s in oncall.shifts(rota.schedule, SINCE, UNTIL)
        if s.user is not None and s.source.why != "member"
    }
    assert drawn == said
    assert len(said) > 25


def test_a_groups_feed_shows_its_active_schedule(rota, group, ben) -> None:
    assert times(path(ben, group=group)) == times(path(ben, schedule=rota.schedule))
    Schedule.objects.update(is_active=False)
    assert times(path(ben, group=group)) == []


def test_an_edit_updates_entries_instead_of_doubling_them(rota, ben, cleo, clock_at) -> None:
    address = path(ben, schedule=rota.schedule)
    before = entries(address)
    made = override(rota.schedule, cleo)
    later = clock_at(NOW + HOUR)
    made.ends_at += HOUR
    actions.change_override(made, actor=None, now=later)
    after = entries(address)
    assert set(before) < set(after)
    [cut] = [uid for uid in before if before[uid].end != after[uid].end]
    assert after[cut].start == before[cut].start
    assert after[cut]["SEQUENCE"] > before[cut]["SEQUENCE"]
    assert after[cut]["LAST-MODIFIED"].dt > before[cut]["LAST-MODIFIED"].dt
    stretches = sorted((e.start, e.end) for e in after.values())
    assert all(a[1] <= b[0] for a, b in pairwise(stretches))
    actions.end_override(made, actor=None, now=clock_at(later + HOUR))
    assert {uid: (e.start, e.end) for uid, e in entries(address).items()} == {
        uid: (e.start, e.end) for uid, e in before.items()
    }


def test_another_person_in_a_turn_is_the_same_entry_with_another_name(rota, ann, ben, cleo) -> None:
    address = path(ben, schedule=rota.schedule)
    before = entries(address)
    actions.save_rotation(rota, [ann, cleo], actor=None, now=NOW)
    after = entries(address)
    assert set(after) == set(before)
    assert [str(e["SUMMARY"]) for e in list(after.values())[:3]] == [
        "Ann · Primary · Payments",
        "Cleo · Primary · Payments",
        "Ann · Primary · Payments",
    ]


def test_an_entry_keeps_its_name_from_day_to_day(rota, ben, clock_at) -> None:
    address = path(ben, schedule=rota.schedule)
    today = entries(address)
    clock_at(NOW + 10 * DAY)
    later = entries(address)
    shared = set(today) & set(later)
    assert len(shared) >= len(today) - 2
    assert {u: (today[u].start, today[u].end) for u in shared} == {
        u: (later[u].start, later[u].end) for u in shared
    }


def test_every_entry_of_a_feed_has_a_name_of_its_own(schedule, ann, ben, cleo, frozen) -> None:
    for people_at_once, fills in ((2, "primary"), (1, "both"), (1, "secondary")):
        turns(schedule, ann, ben, cleo, people_at_once=people_at_once, fills=fills, unit="day")
    found = icalendar.Calendar.from_ical(read(path(ben, schedule=schedule)).content)
    uids = [str(e["UID"]) for e in found.walk("VEVENT")]
    assert len(uids) == len(set(uids)) > 700


def test_the_same_calendar_is_not_sent_twice_and_a_change_is(rota, ben, cleo, clock_at) -> None:
    address = path(ben, group=rota.schedule.group)
    first = read(address)
    assert first.status_code == 200
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, no-cache"
    clock_at(NOW + HOUR)
    again = read(address, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert read(address, if_none_match=f'"x", W/{first["ETag"]}').status_code == 304
    override(rota.schedule, cleo)
    assert read(address, if_none_match=first["ETag"]).status_code == 200


def test_only_the_personal_feed_rings_and_the_end_is_marked(rota, ann) -> None:
    mine = icalendar.Calendar.from_ical(read(path(ann)).content)
    assert mine.walk("VALARM")
    team_feed = icalendar.Calendar.from_ical(read(path(ann, schedule=rota.schedule)).content)
    assert not team_feed.walk("VALARM")
    end = team_feed.walk("VEVENT")[-1]
    assert (str(end["SUMMARY"]), end.start.isoformat()) == (
        "On-call calendar ends here",
        "2026-07-06",
    )


# Secrets


def test_the_secret_is_shown_once_and_only_its_digest_is_kept(rota, ann) -> None:
    feed, address = actions_feeds.create_feed(ann, now=NOW)
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert len(token) == 43
    stored = " ".join(str(value) for value in CalendarFeed.objects.values().get().values())
    assert token not in stored
    assert token not in str(AuditEntry.objects.values())
    assert feed.digest == feeds.digest(token)


def test_wrong_revoked_and_orphaned_addresses_all_look_the_same(rota, ann, ben) -> None:
    address = path(ann)
    gone = CalendarFeed.objects.get()
    assert read(address).status_code == 200
    with pytest.raises(NotAllowed, match="somebody else's"):
        actions_feeds.revoke_feed(gone, actor=ben, now=NOW)
    actions_feeds.revoke_feed(gone, actor=ann, now=NOW)
    answers = [read(address), read(f"/calendars/{'x' * 43}.ics"), read("/calendars/1.ics")]
    theirs = path(ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    answers.append(read(theirs))
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content.replace(b"1.ics", b"") for answer in answers}) == 1


def test_a_feed_shows_no_more_than_its_owner_may_see_now(rota, group, ann, cleo, stranger) -> None:
    for of in ({"schedule": rota.schedule}, {"group": group}):
        with pytest.raises(NotAllowed, match="You cannot see this"):
            actions_feeds.create_feed(stranger, now=NOW, **of)
        address = path(cleo, **of)
        assert read(address).status_code == 200
        group.members.filter(user=cleo).delete()
        assert read(address).status_code == 404
        join(group, cleo)


def test_it_is_noted_when_a_feed_was_last_used(rota, ann, clock_at) -> None:
    address = path(ann)
    read(address)
    clock_at(NOW + timedelta(minutes=5))
    read(address)
    assert CalendarFeed.objects.get().used_at == NOW
    read_at = clock_at(NOW + timedelta(minutes=11))
    read(address)
    assert CalendarFeed.objects.get().used_at == read_at


def test_there_is_a_limit_to_feeds(ann, frozen, monkeypatch) -> None:
    monkeypatch.setattr(actions_feeds, "MOST_FEEDS", 1)
    actions_feeds.create_feed(ann, now=NOW)
    with pytest.raises(NotAllowed, match="1 calendar feeds are the limit"):
        actions_feeds.create_feed(ann, now=NOW)


def test_the_number_of_queries_does_not_grow(
    rota, ann, ben, cleo, django_assert_max_num_queries
) -> None:
    address = path(ann)
    read(address)
    for number in range(5):
        turns(Schedule.objects.create(group=team(ann, name=f"T{number}"), name="R"), ann)
    with django_assert_max_num_queries(7):
        assert len(times(address)) > 100


def test_only_reading_is_possible(rota, ann) -> None:
    address = path(ann)
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code == 200
