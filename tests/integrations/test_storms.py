"""A flood pages its people once, closes itself, and hides nobody else's alert."""

import pytest
from django.conf import settings

from accounts.models import User
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Status, Verb
from integrations import calming, store
from integrations.models import EventOutcome, Integration, Route
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import Send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calming, "_EACH", 0.0)


@pytest.fixture
def stormy(integration: Integration) -> Integration:
    Integration.objects.update(storm_after=3)
    integration.refresh_from_db()
    return integration


def fire(
    send: Send, integration: Integration, keys: list[str], status: str = "firing", **more: str
) -> None:
    for key in keys:
        body = {"title": f"{key} is broken", "dedup_key": key, "status": status, **more}
        assert send(integration, body | {"labels": {"team": key[0]}}).status_code == 202


def many(word: str, count: int) -> list[str]:
    return [f"{word}{number}" for number in range(count)]


def storms() -> list[Alert]:
    return list(Alert.objects.filter(dedup_key__startswith="alertops:alert-storm").order_by("pk"))


def test_a_storm_pages_once_and_everything_is_kept(
    stormy: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, stormy, many("k", 2))
    clock.look()
    fire(send, stormy, many("m", 38))
    clock.look()
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]
    (storm,) = storms()
    assert storm.title == "Alert storm: Our generic opens more than 3 alerts a minute"
    assert storm.children.count() == 40
    assert EventOutcome.objects.filter(outcome="created").count() == 40
    fire(send, stormy, ["m37"], "resolved")
    clock.look()
    assert Alert.objects.get(dedup_key="m37").status == Status.RESOLVED


def test_what_waits_since_long_before_a_storm_is_none_of_it(
    stormy: Integration, send: Send, clock: Clock
) -> None:
    Route.objects.create(
        integration=stormy,
        name="slow",
        conditions=[{"field": "labels.team", "operator": "equals", "value": "s"}],
        wait_seconds=3600,
    )
    fire(send, stormy, ["slow"])
    for key in many("k", 6):  # never a minute without one
        clock.look()
        clock.forward(seconds=50)
        fire(send, stormy, [key])
    fire(send, stormy, many("m", 9))
    clock.look()
    (storm,) = storms()
    assert not storm.children.filter(dedup_key="slow").exists()


def test_below_the_limit_everything_pages_by_itself_a_second_later(
    stormy: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, stormy, many("k", 3))
    clock.look()
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["alice"] * 3
    assert storms() == []


def test_what_has_paged_already_goes_on_by_itself(
    stormy: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, stormy, many("k", 3))
    clock.forward(seconds=2)
    assert phones.take() == ["alice"] * 3
    fire(send, stormy, many("m", 5))
    clock.forward(seconds=2)
    assert phones.take() == ["alice"]
    assert {child.dedup_key for child in storms()[0].children.all()} == set(many("m", 5))


def test_nobody_elses_alert_vanishes_in_a_storm(
    stormy: Integration, send: Send, clock: Clock, phones: Phones, bob: User
) -> None:
    databases = builders.group("Databases", primary=(bob,))
    Route.objects.create(
        integration=stormy,
        name="databases",
        group=databases,
        conditions=[{"field": "labels.team", "operator": "equals", "value": "d"}],
    )
    fire(send, stormy, [*many("k", 20), "d1", *many("m", 20)])
    clock.forward(seconds=1)
    assert sorted(phones.take()) == ["alice", "bob"]
    assert Alert.objects.get(dedup_key="d1").parent is None


def test_a_storm_is_seen_as_one_when_another_process_takes_over(
    stormy: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    for number in range(10):
        fire(send, stormy, [f"k{number}"])
        clock.look()
        calming.forget()
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]
    assert len(storms()) == 1
    assert storms()[0].children.count() == 10


def test_the_next_storm_pages_anew_however_long_the_last_one_stays(
    stormy: Integration, send: Send, clock: Clock, phones: Phones, alice: User
) -> None:
    fire(send, stormy, many("k", 10))
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]
    actions.apply(Verb.ACKNOWLEDGE, storms()[0].pk, Move(alice, clock.now()))
    clock.forward(minutes=6)
    fire(send, stormy, many("m", 10))
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]
    assert [storm.children.count() for storm in storms()] == [10, 10]


def test_a_storm_ends_by_itself_when_all_of_it_has_recovered(
    stormy: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, stormy, many("k", 10))
    clock.forward(seconds=1)
    fire(send, stormy, many("k", 9), "resolved")
    clock.look()
    phones.take()
    clock.forward(minutes=6)
    assert storms()[0].status == Status.TRIGGERED  # one still fires, and this is who says so
    phones.take()
    fire(send, stormy, ["k9"], "resolved")
    clock.look()
    clock.look()
    (storm,) = storms()
    assert storm.status == Status.RESOLVED
    assert AlertEvent.objects.get(alert=storm, kind=Kind.RESOLVED).data["calm"] is True
    clock.forward(hours=1)
    assert phones.take() == []


def test_a_storm_that_goes_on_does_not_end(stormy: Integration, send: Send, clock: Clock) -> None:
    for round_ in range(8):
        keys = many(f"r{round_}-", 10)
        fire(send, stormy, keys)
        clock.look()
        fire(send, stormy, keys, "resolved")
        clock.forward(minutes=1)
    (storm,) = storms()
    assert storm.status == Status.TRIGGERED


def refuse(send: Send, integration: Integration, key: str, **more: str) -> None:
    """Send one event more than its limits allow."""
    Integration.objects.update(rate_per_minute=1, burst=settings.WEB_WORKERS)
    store.forget_limits()
    fire(send, integration, [key], **more)
    body = {"title": "one too many", "dedup_key": "more", "status": "firing"}
    assert send(integration, body).status_code == 429


def notice() -> Alert:
    return Alert.objects.get(dedup_key="alertops:storm")


def test_that_events_are_refused_is_no_second_page(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, integration, ["k"])
    clock.look()
    refuse(send, integration, "k")
    clock.look()
    assert phones.take() == ["alice"]
    assert notice().parent == Alert.objects.get(dedup_key="k")


def test_that_events_are_refused_pages_when_nothing_else_does(
    integration: Integration, send: Send, clock: Clock, phones: Phones, alice: User
) -> None:
    fire(send, integration, ["k"])
    clock.look()
    alert = Alert.objects.get(dedup_key="k")
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(alice, clock.now()))
    phones.take()
    refuse(send, integration, "k")
    clock.look()
    assert phones.take() == ["alice"]
    assert notice().parent is None
    clock.forward(minutes=4)
    clock.look()
    assert notice().status == Status.TRIGGERED
    clock.forward(minutes=2)
    clock.look()
    assert notice().status == Status.RESOLVED


def test_a_quiet_alert_does_not_hide_that_events_are_refused(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, integration, ["k"], severity="info")
    clock.look()
    phones.take()
    refuse(send, integration, "k", severity="info")
    clock.look()
    assert phones.take() == ["alice"]
    assert notice().parent is None
