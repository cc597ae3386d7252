import pytest
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from alertops import clock, health
from alertops.models import LoopBeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_alive() -> None:
    for name in health.LOOPS:
        _beat(name)


def _beat(name: str) -> None:
    now = clock.db_now()
    LoopBeat.objects.create(name=name, beat_at=now, ends_at=now, run_id="r", host="h", pid=1)


def _age(name: str, seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alertops_loopbeat SET beat_at = clock_timestamp() - make_interval(secs => %s)"
            " WHERE name = %s",
            [seconds, name],
        )


def test_the_process_is_up_without_asking_the_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_the_database_has_every_migration(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


def test_it_is_not_ready_before_the_migrations(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "_looked", -health.RECHECK)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'alertops'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["error"] == "Migrations have not been applied yet."


@pytest.mark.usefixtures("all_alive")
def test_the_engine_is_well_while_every_loop_beats(client: Client) -> None:
    response = client.get("/health/engine")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert set(response.json()["loops"]) == set(health.LOOPS)


@pytest.mark.usefixtures("all_alive")
def test_one_late_loop_is_named_with_its_figures(client: Client) -> None:
    _age("outbox", 11)
    response = client.get("/health/engine")
    assert response.status_code == 503
    assert response.json()["error"] == "No sign of life for too long: outbox."
    assert response.json()["loops"]["outbox"]["late"] is True
    assert response.json()["loops"]["outbox"]["age_seconds"] >= 11
    assert response.json()["loops"]["tick"]["late"] is False


def test_a_loop_that_never_began_is_late(client: Client) -> None:
    response = client.get("/health/engine")
    assert response.status_code == 503
    assert response.json()["loops"]["tick"] == {"age_seconds": None, "late": True}


@pytest.mark.usefixtures("all_alive")
def test_the_canary_has_more_time_than_the_loops(client: Client) -> None:
    _beat("canary")
    _age("canary", 60)
    assert client.get("/health/engine").status_code == 200
    _age("canary", 600)
    assert client.get("/health/engine").status_code == 503


@pytest.mark.parametrize("address", ["/readyz", "/health/engine", "/metrics"])
def test_a_lost_database_is_an_answer_not_a_crash(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    def lost() -> None:
        raise DatabaseError("connection to server at 10.0.0.5 failed: password for user hidden")

    monkeypatch.setattr(connection, "cursor", lost)
    response = client.get(address)
    assert response.status_code == 503
    assert response.json()["error"] == "The database cannot be reached."
    assert b"10.0.0.5" not in response.content


@pytest.mark.usefixtures("all_alive")
def test_the_metrics_cost_a_handful_of_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(6):
        text = client.get("/metrics").content.decode()
    assert 'alertops_loop_age_seconds{loop="tick"}' in text
    assert "alertops_inbox_backlog 0.0" in text
    assert "# TYPE alertops_open_alerts gauge" in text
    assert "# TYPE alertops_notifications gauge" in text


def test_the_metrics_may_ask_for_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "open-sesame"
    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"Authorization": "Bearer nonsense-ü"})
    assert wrong.status_code == 401
    right = client.get("/metrics", headers={"Authorization": "Bearer open-sesame"})
    assert right.status_code == 200


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/health/engine", "/metrics"])
def test_nothing_is_changed_by_asking_how_it_is(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
    assert not client.get(address).cookies
