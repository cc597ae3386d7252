"""A storm: thousands of alerts due at one instant. All are queued, each once, and pages flow."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from alertops import clock as the_clock
from alerts.models import Alert, Source
from alerts.signals_in import Signal, open_alerts
from escalation import dispatch, engine
from escalation.decide import Directory as Asked
from escalation.directory import Directory
from escalation.dispatch import Dispatcher
from escalation.models import Notification
from escalation.plan import Aim
from escalation.states import Target
from groups.models import Group
from tests import builders
from tests.conftest import Clock
from tests.doubles.twilio import TwilioDouble
from tests.escalation.conftest import queries

pytestmark = pytest.mark.django_db(transaction=True)

PRIMARY = Aim(Target.PRIMARY)


def a_storm(source: Source, groups: list[Group], count: int, word: str = "disk") -> None:
    signals = [
        Signal(
            source.pk,
            f"{word}-{n}",
            "trigger",
            "Disk full",
            group_id=groups[n % len(groups)].pk,
        )
        for n in range(count)
    ]
    open_alerts(signals, now=the_clock.now())


def primaries(people: Asked, group: Group) -> list[int]:
    return [one.id for one in people.roster(group.pk)(PRIMARY).recipients]


def test_every_alert_of_a_storm_is_queued_once_by_all_lanes_together(
    alice: User, bob: User, clock: Clock
) -> None:
    groups = [builders.group(name=one.name, primary=(one,)) for one in (alice, bob)]
    count = engine.BATCH * engine.LANES + 7
    a_storm(Source.objects.create(name="Monitor"), groups, count)
    while (due := engine.tick(clock.now())) is not None and due <= clock.now():
        pass
    assert Notification.objects.count() == count
    assert Notification.objects.values("alert").distinct().count() == count
    assert not Alert.objects.filter(wake_at__lte=clock.now()).exists()


def test_the_batches_of_a_tick_ask_for_a_group_once(alice: User, bob: User, clock: Clock) -> None:
    first = builders.group(name="First", primary=(alice,))
    second = builders.group(name="Second", primary=(bob,))
    people = Directory(clock.now())
    people.learn({first.pk}, ())
    assert queries(lambda: people.learn({first.pk}, ())) == 0
    assert queries(lambda: people.learn({first.pk, second.pk}, ())) > 0
    assert primaries(people, first) == [alice.pk]
    assert primaries(people, second) == [bob.pk]


def test_a_group_whose_people_could_not_be_read_is_not_known_by_halves(
    alice: User, clock: Clock
) -> None:
    group = builders.group(primary=(alice,))
    people = Directory(clock.now())
    other = connection.copy()
    with other.cursor() as outside, connection.cursor() as cursor:
        outside.execute("BEGIN; LOCK TABLE accounts_contactmethod IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError):
            people.learn({group.pk}, ())
        cursor.execute("RESET lock_timeout")
        outside.execute("ROLLBACK")
    other.close()
    people.learn({group.pk}, ())
    assert primaries(people, group) == [alice.pk]


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    mine = Dispatcher(senders=4)
    yield mine
    mine.close()


def test_while_a_storm_is_queued_few_senders_work_and_then_all_of_them(
    clock: Clock,
    twilio: TwilioDouble,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "STORM", 5)
    monkeypatch.setattr(dispatch, "FEW", 1)
    twilio.knobs.turn(slow=1.0, slow_seconds=0.3)
    source = Source.objects.create(name="Monitor")
    teams = [
        builders.group(name=f"Team {n}", primary=(builders.person(f"Person {n}"),))
        for n in range(14)
    ]
    a_storm(source, teams[:8], 8)
    engine.tick(clock.now())
    a_storm(source, teams[8:], 6, "still to be decided")
    clock.set(clock.now() + timedelta(seconds=2))

    dispatcher.work(clock.now())
    assert Notification.objects.filter(attempts=1).count() == 1
    monkeypatch.setattr(dispatch, "YIELD", 0.0)  # it lasts too long: pages wait no longer for it
    dispatcher.work(clock.now())
    assert Notification.objects.filter(attempts=1).count() >= 4


def test_neither_a_frozen_sender_nor_the_one_who_settles_keeps_locks(
    dispatcher: Dispatcher,
) -> None:
    def patience() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            found = str(cursor.fetchone()[0])
        connection.close()
        return found

    def settle() -> str:
        dispatcher._finished.put(None)
        dispatcher._settle()
        return patience()

    with ThreadPoolExecutor(1) as settler:
        assert settler.submit(settle).result() == "3s"
    assert dispatcher._pool("send-sms", 1).submit(patience).result() == "3s"
