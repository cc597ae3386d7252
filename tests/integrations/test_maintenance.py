"""Maintenance as people live through it: silence, no recovery lost, and an end."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Status, Verb
from groups.models import Group
from integrations import actions_maintenance, inbox, maintenance
from integrations.models import InboundEvent, Integration, MaintenanceWindow, Service
from integrations.states import AtEnd
from integrations.windows import Every
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import Send, make_integration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    maintenance.forget()


@pytest.fixture
def admin(db: None) -> User:
    return builders.person("Ada", roles=["integrations_admin"])


@pytest.fixture
def payments(alice: User, bob: User) -> Group:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, {"target": "secondary", "wait_seconds": 300}
    )
    return builders.group("Payments", primary=(alice,), secondary=(bob,), policy=policy)


def window(
    clock: Clock, *about: Integration, hours: float = 1, **fields: object
) -> MaintenanceWindow:
    start: datetime = clock.now()
    end = start + timedelta(hours=hours)
    values: dict[str, object] = {
        "name": "Patches",
        "every": Every.ONCE,
        "time_zone": "UTC",
        "first_on": start.date(),
        "begins_at": start.time(),
        "last_on": end.date(),
        "ends_at": end.time(),
        **fields,
    }
    services = values.pop("services", ())
    groups = values.pop("groups", ())
    return actions_maintenance.save_window(
        MaintenanceWindow(**values),
        integrations=about,
        services=services,  # type: ignore[arg-type]
        groups=groups,  # type: ignore[arg-type]
        actor=None,
        now=clock.now(),
    )


def test_new_alerts_are_recorded_and_paged_when_the_window_ends(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    window(clock, integration)
    send(integration, {"title": "Disk full"})
    clock.forward(minutes=59)
    assert phones.take() == []
    assert InboundEvent.objects.get().outcome == "suppressed"
    assert Alert.objects.get().suppressed
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]


def test_a_running_escalation_and_its_repeats_fall_silent(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    send(integration, {"title": "Disk full", "dedup_key": "d"})
    clock.forward(minutes=4)
    assert phones.take() == ["alice"]
    window(clock, integration)
    clock.forward(minutes=30)
    send(integration, {"title": "Disk full", "dedup_key": "d"})
    clock.forward(minutes=29)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]


def test_a_recovery_counts_and_nobody_hears_of_it(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    window(clock, integration)
    send(integration, {"title": "Disk full", "dedup_key": "d"})
    clock.forward(minutes=10)
    send(integration, {"title": "Disk full", "dedup_key": "d", "status": "resolved"})
    clock.forward(hours=3)
    assert Alert.objects.get().status == Status.RESOLVED
    assert phones.take() == []


def test_discarding_closes_what_still_fires(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    window(clock, integration, at_end="discard")
    send(integration, {"title": "Disk full"})
    clock.forward(minutes=59)
    clock.forward(minutes=1)
    assert Alert.objects.get().status == Status.RESOLVED
    clock.forward(hours=3)
    assert phones.take() == []


def test_only_what_the_conditions_say_is_held_back(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    send(integration, {"title": "old", "labels": {"host": "db-1"}})
    clock.look()
    assert phones.take() == ["alice"]
    conditions = [{"field": "labels.host", "operator": "starts", "value": "db-"}]
    window(clock, integration, conditions=conditions)
    clock.forward(seconds=1)
    send(integration, {"title": "a", "labels": {"host": "db-2"}})
    clock.look()
    assert phones.take() == []
    send(integration, {"title": "b", "labels": {"host": "web-1"}})
    clock.look()
    assert phones.take() == ["alice"]
    assert set(Alert.objects.filter(suppressed=True).values_list("title", flat=True)) == {
        "old",
        "a",
    }


@pytest.mark.parametrize("how", ["service", "group", "everything"])
def test_it_may_be_about_a_service_a_group_or_everything(
    integration: Integration, payments: Group, send: Send, clock: Clock, phones: Phones, how: str
) -> None:
    shop = Service.objects.create(name="Shop", group=payments)
    shop.integrations.add(integration)
    about: dict[str, object] = {
        "service": {"services": [shop]},
        "group": {"groups": [payments]},
        "everything": {"everything": True},
    }[how]  # type: ignore[assignment]
    window(clock, **about)  # type: ignore[arg-type]
    send(integration, {"title": "Disk full"})
    clock.forward(minutes=30)
    assert phones.take() == []


def test_another_integration_is_paged_as_always(
    integration: Integration, payments: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    window(clock, integration)
    other = make_integration(payments, name="Other")
    send(other, {"title": "Disk full"})
    clock.look()
    assert phones.take() == ["alice"]


def test_ending_it_by_hand_pages_what_still_fires_at_once(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    going = window(clock, integration, hours=5)
    send(integration, {"title": "Disk full"})
    clock.forward(minutes=30)
    actions_maintenance.end_now(going, actor=None, now=clock.now())
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]


def test_prolonging_it_holds_on(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    going = window(clock, integration)
    send(integration, {"title": "Disk full"})
    clock.forward(minutes=30)
    later = clock.now() + timedelta(hours=2)
    going.last_on, going.ends_at = later.date(), later.time()
    actions_maintenance.save_window(
        going, integrations=[integration], services=[], groups=[], actor=None, now=clock.now()
    )
    clock.forward(seconds=2)
    clock.forward(minutes=119)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]


def test_an_acknowledgement_does_not_expire_in_maintenance(
    integration: Integration, alice: User, payments: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary"}, name="Expires", acknowledgement_timeout_seconds=600
    )
    integration.policy = policy
    integration.save()
    send(integration, {"title": "Disk full"})
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, Alert.objects.get().pk, Move(actor=alice, now=clock.now()))
    clock.look()
    phones.take()
    window(clock, integration)
    clock.forward(seconds=1)
    clock.forward(minutes=59)
    assert phones.take() == []
    clock.forward(minutes=2)
    assert phones.take() == ["alice"]


@pytest.mark.parametrize("at_end", AtEnd)
@pytest.mark.parametrize("how", ["end_now", "call_off"])
def test_an_acknowledgement_expires_when_maintenance_is_ended_by_hand(
    integration: Integration,
    alice: User,
    send: Send,
    clock: Clock,
    phones: Phones,
    at_end: AtEnd,
    how: str,
) -> None:
    integration.policy = builders.policy(
        {"target": "primary"}, name="Expires", acknowledgement_timeout_seconds=600
    )
    integration.save()
    send(integration, {"title": "Disk full"})
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, Alert.objects.get().pk, Move(actor=alice, now=clock.now()))
    going = window(clock, integration, hours=30, at_end=at_end)
    clock.forward(seconds=1)
    clock.forward(minutes=30)
    phones.take()
    getattr(actions_maintenance, how)(going, actor=alice, now=clock.now())
    maintenance.forget()  # and another process goes on from here
    clock.look()
    assert phones.take() == ["alice"]


def grouped(integration: Integration) -> Integration:
    """Its alerts page once together."""
    integration.group_seconds = 0
    integration.save()
    return integration


ONLY_TEST = [{"field": "labels.stage", "operator": "equals", "value": "test"}]


def test_what_is_not_under_maintenance_never_hides_behind_what_is(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    grouped(integration)
    window(clock, integration, conditions=ONLY_TEST)
    send(integration, {"title": "A", "dedup_key": "a", "labels": {"stage": "test"}})
    clock.look()
    assert phones.take() == []
    send(integration, {"title": "B", "dedup_key": "b", "labels": {"stage": "live"}})
    clock.look()
    assert phones.take() == ["alice"]


def test_what_follows_an_alert_that_falls_silent_is_held_back_or_pages_by_itself(
    integration: Integration, alice: User, send: Send, clock: Clock, phones: Phones
) -> None:
    grouped(integration)
    for key, stage in (("a", "test"), ("b", "test"), ("c", "live")):
        send(integration, {"title": key, "dedup_key": key, "labels": {"stage": stage}})
    clock.look()
    assert phones.take() == ["alice"]
    window(clock, integration, conditions=ONLY_TEST)
    clock.forward(seconds=1)
    clock.forward(seconds=1)
    alerts = {alert.dedup_key: alert for alert in Alert.objects.all()}
    assert [alerts[key].suppressed for key in "abc"] == [True, True, False]
    clock.forward(minutes=5)
    assert phones.take() == ["alice"]
    assert Alert.objects.get(dedup_key="c").parent is None
    actions.apply(Verb.RESOLVE, alerts["c"].pk, Move(actor=alice, now=clock.now()))
    clock.forward(minutes=55)
    assert phones.take() == ["alice"], "b follows a again, and only a pages"
    assert Alert.objects.get(dedup_key="b").parent_id == alerts["a"].pk


def test_a_broken_window_pages(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    going = window(clock, integration)
    MaintenanceWindow.objects.filter(pk=going.pk).update(conditions=[{"field": 1}, 7])
    send(integration, {"title": "Disk full"})
    clock.look()
    assert phones.take() == ["alice"]


def test_a_batch_asks_for_windows_once(integration: Integration, send: Send, clock: Clock) -> None:
    window(clock, integration)
    counts = []
    for size in (2, 30):
        for number in range(size):
            send(integration, {"title": f"{size} {number}"})
        with CaptureQueriesContext(connection) as caught:
            inbox.process(clock.now())
        counts.append(len(caught))
    assert counts[1] <= counts[0]


def fields(clock: Clock, integration: Integration, **more: object) -> dict[str, object]:
    start = clock.now() + timedelta(minutes=1)
    end = start + timedelta(hours=1)
    return {
        "name": "Patches",
        "every": "once",
        "time_zone": "UTC",
        "first_on": start.date().isoformat(),
        "begins_at": start.strftime("%H:%M"),
        "last_on": end.date().isoformat(),
        "ends_at": end.strftime("%H:%M"),
        "month_day": "1",
        "at_end": "release",
        "integrations": [integration.pk],
        **more,
    }


def test_the_preview_shows_last_week_and_saves_nothing(
    integration: Integration, admin: User, client: Client, send: Send, clock: Clock
) -> None:
    clock.forward(minutes=2)
    send(integration, {"title": "Disk full"})
    clock.look()
    clock.forward(days=7)
    clock.set(clock.now() - timedelta(minutes=10))
    client.force_login(admin)
    page = client.post(
        "/integrations/maintenance/new/", fields(clock, integration, preview="1")
    ).content.decode()
    assert "1 alert</strong>" in page
    assert "Disk full" in page
    assert not MaintenanceWindow.objects.exists()


def test_a_window_is_planned_shown_and_called_off(
    integration: Integration, admin: User, client: Client, clock: Clock
) -> None:
    client.force_login(admin)
    answer = client.post("/integrations/maintenance/new/", fields(clock, integration))
    made = MaintenanceWindow.objects.get()
    assert answer["Location"] == f"/integrations/maintenance/{made.pk}/"
    assert "Patches" in client.get("/integrations/maintenance/?when=planned").content.decode()
    clock.forward(minutes=5)
    page = client.get("/integrations/").content.decode()
    assert "Maintenance:" in page
    client.post(f"/integrations/maintenance/{made.pk}/end/", {"for_good": "1"})
    assert "Maintenance:" not in client.get("/integrations/").content.decode()
    assert "called off" in client.get("/integrations/maintenance/?when=past").content.decode()
    assert client.get(f"/integrations/maintenance/{made.pk}/edit/").status_code == 302


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"integrations": []}, "Choose what it is about"),
        ({"last_on": "2020-01-01"}, "It must end after it begins."),
        ({"every": "weekly"}, "Choose at least one day of the week."),
        ({"conditions": "nonsense"}, "Line 1 is not a condition"),
        ({"ends_at": ""}, "This field is required."),
    ],
)
def test_a_window_that_cannot_be_says_why(
    integration: Integration,
    admin: User,
    client: Client,
    clock: Clock,
    wrong: dict[str, object],
    sentence: str,
) -> None:
    client.force_login(admin)
    page = client.post("/integrations/maintenance/new/", fields(clock, integration, **wrong))
    assert sentence in page.content.decode()
    assert not MaintenanceWindow.objects.exists()


def test_a_stranger_sees_no_window_and_plans_none(
    integration: Integration, mallory: User, client: Client, clock: Clock
) -> None:
    made = window(clock, integration)
    client.force_login(mallory)
    assert client.get(f"/integrations/maintenance/{made.pk}/").status_code == 404
    assert client.post(f"/integrations/maintenance/{made.pk}/end/").status_code == 404
    assert client.get("/integrations/maintenance/new/").status_code == 403
    assert "Patches" not in client.get("/integrations/maintenance/").content.decode()
    assert "Patches" not in client.get("/alerts/").content.decode()
