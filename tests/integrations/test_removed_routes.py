"""A route that is removed while its events are worked off, and what is left of it."""

import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from alertops import clock
from alerts.models import Alert
from integrations import actions
from integrations.models import EventOutcome, Integration, Route
from tests import builders
from tests.integrations.conftest import Send, sent, work_off


@pytest.fixture
def noise(integration: Integration) -> Route:
    return Route.objects.create(integration=integration, name="Noise", severity="low")


@pytest.mark.django_db(transaction=True)
def test_a_route_may_go_while_its_events_are_worked_off(
    integration: Integration, send: Send, noise: Route
) -> None:
    send(integration, {"title": "x"})

    def remove() -> None:
        actions.delete_route(noise, actor=None, now=clock.now())
        connection.close()

    with transaction.atomic():
        work_off()
        person = threading.Thread(target=remove)
        person.start()
        person.join(10)
        has_to_wait = person.is_alive()
    person.join(10)
    assert not has_to_wait
    assert not Route.objects.exists()
    assert EventOutcome.objects.get().routed_by == "Noise"
    assert Alert.objects.get().severity == "low"


@pytest.mark.django_db
def test_the_log_still_names_a_route_that_is_gone(
    integration: Integration, send: Send, noise: Route, client: Client
) -> None:
    event = sent(send(integration, {"title": "x"}))
    actions.delete_route(noise, actor=None, now=clock.now())
    client.force_login(builders.person("Ada", roles=["integrations_admin"]))
    page = client.get(reverse("integrations:event", args=[event.pk]))
    assert "Noise" in page.content.decode()
