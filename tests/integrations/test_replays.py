"""Replays: look first, then for real, and never twice."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from alertops import clock as the_clock
from alerts.models import Alert
from alerts.states import Status
from groups.models import Group
from integrations import actions_replays, inbox, replaying, retention
from integrations.actions import NotAllowed
from integrations.actions_replays import Range
from integrations.models import EventOutcome, Imagined, InboundEvent, Integration, Replay, Route
from integrations.states import Outcome
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import Send, make_integration, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    user = builders.person("Ada", roles=["integrations_admin", "basic"])
    client.force_login(user)
    return user


def run(is_dry: bool = False, **chosen: object) -> Replay:
    everything = {"first": 1, "last": 2**62, **chosen}
    replay = actions_replays.start(
        Range(**everything),  # type: ignore[arg-type]
        is_dry=is_dry,
        actor=None,
        now=the_clock.now(),
    )
    for _ in range(100):
        replaying.again()
        if inbox.process(the_clock.now()) is None:
            break
    replay.refresh_from_db()
    assert replay.finished_at is not None
    return replay


@pytest.fixture
def dropped(integration: Integration, send: Send) -> Route:
    """A route that drops too much, and four events it has dropped: one of them has recovered."""
    route = Route.objects.create(integration=integration, name="Noise", drop=True)
    for key in ("a", "b", "c"):
        send(integration, {"title": key, "dedup_key": key, "status": "firing"})
    send(integration, {"title": "b", "dedup_key": "b", "status": "resolved"})
    work_off()
    assert not Alert.objects.exists()
    route.delete()
    return route


def test_a_dry_replay_says_what_would_happen_and_changes_nothing(dropped: Route) -> None:
    replay = run(is_dry=True)
    assert replay.counts == {"created": 3, "resolved": 1}
    assert (replay.done, replay.percent) == (4, 100)
    assert not Imagined.objects.exists()
    assert not Alert.objects.exists()
    assert set(InboundEvent.objects.values_list("outcome", flat=True)) == {
        "ignored",
        "no_open_alert",
    }


def test_a_real_replay_pages_what_still_fires_and_not_what_has_recovered(
    clock: Clock, integration: Integration, send: Send, phones: Phones
) -> None:
    Route.objects.create(integration=integration, name="Noise", drop=True)
    for key, status in (("a", "firing"), ("b", "firing"), ("b", "resolved")):
        send(integration, {"title": key, "dedup_key": key, "status": status})
    clock.look()
    Route.objects.all().delete()
    replay = run()
    assert replay.counts == {"created": 2, "resolved": 1}
    clock.forward(seconds=59)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]
    event = InboundEvent.objects.order_by("pk")[0]
    assert event.outcome == Outcome.CREATED
    assert [each.outcome for each in event.outcomes.order_by("position")] == ["ignored", "created"]


def test_a_replay_that_is_repeated_does_nothing_more(dropped: Route) -> None:
    first = run()
    rows = EventOutcome.objects.count()
    again = run()
    assert first.counts == {"created": 3, "resolved": 1}
    assert again.counts == {"unchanged": 4}
    assert Alert.objects.count() == 3
    assert EventOutcome.objects.count() == rows
    assert set(Alert.objects.values_list("event_count", flat=True)) == {1}


def test_what_was_done_when_it_came_in_is_not_done_again(
    integration: Integration, send: Send
) -> None:
    send(integration, {"title": "a"})
    work_off()
    assert run().counts == {"unchanged": 1}
    assert Alert.objects.get().event_count == 1


@pytest.mark.parametrize("is_dry", [True, False])
def test_an_old_recovery_closes_nothing_that_fires_again(
    integration: Integration, send: Send, clock: Clock, phones: Phones, is_dry: bool
) -> None:
    Route.objects.create(integration=integration, name="Noise", drop=True)
    for status in ("firing", "resolved"):
        send(integration, {"title": "a", "dedup_key": "a", "status": status})
    clock.look()
    Route.objects.all().delete()
    send(integration, {"title": "a", "dedup_key": "a", "status": "firing"})
    clock.look()
    assert phones.take() == ["alice"]
    assert run(is_dry).counts == {"unchanged": 2, "appended": 1}
    clock.forward(minutes=2)
    assert phones.take() == []
    assert Alert.objects.get().status == Status.TRIGGERED


def test_what_people_did_is_not_repeated(
    payments: Group, client: Client, clock: Clock, phones: Phones
) -> None:
    tool = make_integration(payments, "opsgenie")
    Route.objects.create(integration=tool, name="Noise", drop=True)
    ask = {"content_type": "application/json", "headers": {"Authorization": f"GenieKey {tool.key}"}}
    client.post("/v2/alerts", {"message": "Disk full", "alias": "disk"}, **ask)
    for word in ("acknowledge", "snooze", "notes"):
        fields = {"note": "mine", "endTime": "2031-01-01T00:00:00Z"}
        said = client.post(f"/v2/alerts/disk/{word}?identifierType=alias", fields, **ask)
        assert said.status_code == 202, said.content
    clock.look()
    Route.objects.all().delete()
    assert run().counts == {"unchanged": 3, "created": 1}
    clock.forward(minutes=2)
    assert phones.take() == ["alice"]
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_range_may_be_narrowed(dropped: Route, integration: Integration) -> None:
    assert run(is_dry=True, outcome="no_open_alert").total == 1
    first = InboundEvent.objects.order_by("pk")[0].pk
    assert run(is_dry=True, first=first, last=first + 1).total == 2
    with pytest.raises(NotAllowed):
        run(first=2**50)


def test_ten_thousand_events_show_progress_and_take_less_than_twenty_seconds(
    integration: Integration, send: Send
) -> None:
    send(integration, {"title": "a", "dedup_key": "a"})
    work_off()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integrations_inboundevent (integration_id, body, content_type, outcome,
                processed_at)
            SELECT %s, convert_to('{"title": "t", "dedup_key": "k' || n %% 2000 || '"}', 'UTF8'),
                'application/json', 'ignored', now()
            FROM generate_series(1, 9999) AS n
            """,
            [integration.pk],
        )
    replay = actions_replays.start(Range(1, 2**62), is_dry=False, actor=None, now=the_clock.now())
    assert replay.total == 10_000
    seen = set()
    begun = time.monotonic()
    while replay.finished_at is None:
        replaying.again()
        inbox.process(the_clock.now())
        replay.refresh_from_db()
        seen.add(replay.percent)
    seconds = time.monotonic() - begun
    assert len(seen) > 30
    assert replay.counts == {"unchanged": 1, "created": 2000, "appended": 7999}
    assert 10_000 / seconds >= 500, f"{10_000 / seconds:.0f} events/s"


def test_the_pages_look_first_and_then_do_it(admin: User, dropped: Route, client: Client) -> None:
    now = the_clock.now()
    page = client.get("/integrations/log/replay/")
    assert page.status_code == 200
    data = {
        "since": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "until": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }
    answer = client.post("/integrations/log/replay/", data)
    dry = Replay.objects.get()
    assert dry.is_dry
    assert answer["Location"] == f"/integrations/log/replay/{dry.pk}/"
    assert "Running" in client.get(answer["Location"]).content.decode()
    for _ in range(3):
        replaying.again()
        work_off()
    assert "What it would do" in client.get(answer["Location"]).content.decode()
    answer = client.post(f"{answer['Location']}real/", {"for_real": "1"})
    for _ in range(3):
        replaying.again()
        work_off()
    assert "What it did" in client.get(answer["Location"]).content.decode()
    assert Alert.objects.count() == 3
    event = InboundEvent.objects.first()
    assert event is not None
    answer = client.post(f"/integrations/log/{event.pk}/replay/")
    assert "/integrations/log/replay/" in answer["Location"]
    client.post(f"{answer['Location']}stop/")
    assert "Stopped" in client.get(answer["Location"]).content.decode()


def test_a_stranger_replays_nothing(dropped: Route, mallory: User, client: Client) -> None:
    replay = run(is_dry=True)
    client.force_login(mallory)
    event = InboundEvent.objects.first()
    assert event is not None
    assert client.post(f"/integrations/log/{event.pk}/replay/").status_code == 403
    assert client.post("/integrations/log/replay/").status_code == 403
    assert client.get(f"/integrations/log/replay/{replay.pk}/").status_code == 404


def test_old_events_are_forgotten_and_waiting_ones_are_not(
    integration: Integration, send: Send
) -> None:
    for number in range(3):
        send(integration, {"title": f"{number}"})
    work_off()
    send(integration, {"title": "waits"})
    later = the_clock.now() + timedelta(days=31)
    assert retention.forget_old(the_clock.now()) == 0
    assert retention.forget_old(later) == 3
    assert InboundEvent.objects.get().processed_at is None
    assert Alert.objects.count() == 3


def test_the_first_event_after_an_instant_is_found_by_halving(
    integration: Integration, send: Send
) -> None:
    start = the_clock.now().replace(microsecond=0)
    for _ in range(20):
        send(integration, {"title": "x"})
    rows = list(InboundEvent.objects.order_by("pk"))
    for number, row in enumerate(rows):
        row.received_at = start + timedelta(minutes=number // 2)
        row.save(update_fields=["received_at"])
    rows[3].delete()
    for minute in range(10):
        found = retention.number_at(start + timedelta(minutes=minute))
        assert (
            InboundEvent.objects.filter(pk__gte=found).order_by("pk")[0].pk == rows[2 * minute].pk
        )
    assert retention.number_at(start + timedelta(hours=1)) > rows[-1].pk


def test_the_log_is_filtered_by_time_and_route(
    admin: User, integration: Integration, send: Send, client: Client
) -> None:
    Route.objects.create(integration=integration, name="Night shift", drop=True)
    send(integration, {"title": "x"})
    work_off()
    found = InboundEvent.objects.get()
    link = f"/integrations/log/{found.pk}/"
    for query, is_there in (
        ("route=Night+shift", True),
        ("route=Other", False),
        ("since=2020-01-01T00:00", True),
        ("since=2190-01-01T00:00", False),
        ("until=2020-01-01T00:00", False),
    ):
        page = client.get(f"/integrations/log/?{query}").content.decode()
        assert (link in page) == is_there, query


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "x", "password": "hunter\\"2", "n": 1}',
        b'{"title": "x", "API_KEY" : "hunter2"}',
        b"title=x&token=hunter2&a=b",
        b"<e><title>x</title><password>hunter2</password></e>",
        b"disk full\nAuthorization: Bearer hunter2",
        b'{"title": "x", "a": {"client-secret": "hunter2"}',
    ],
)
def test_secrets_are_starred_in_the_raw_body_too(
    admin: User, integration: Integration, send: Send, client: Client, body: bytes
) -> None:
    answer = send(integration, body, content_type="text/plain")
    work_off()
    page = client.get(f"/integrations/log/{answer.json()['event']}/").content.decode()
    assert "hunter" not in page
    assert "•••" in page
