"""Technical services: how they are is what their open alerts say."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alerts.models import Alert
from groups.models import Group
from integrations.models import Integration, Service
from tests import builders
from tests.integrations.conftest import Send, make_integration, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    user = builders.person("Ada", roles=["integrations_admin", "basic"])
    client.force_login(user)
    return user


def test_a_service_is_as_bad_as_its_worst_open_alert(
    admin: User, integration: Integration, payments: Group, client: Client, send: Send
) -> None:
    answer = client.post(
        "/integrations/services/new/",
        {
            "name": "Shop",
            "group": payments.pk,
            "criticality": "high",
            "runbook": "https://wiki.example.com/shop",
            "integrations": [integration.pk],
        },
    )
    shop = Service.objects.get()
    assert answer["Location"] == f"/integrations/services/{shop.pk}/"
    assert "Fine" in client.get("/integrations/services/").content.decode()
    sent(send(integration, {"title": "slow", "severity": "low"}))
    sent(send(integration, {"title": "down", "severity": "high"}))
    assert "2 open, worst high" in client.get("/integrations/services/").content.decode()
    page = client.get(f"/integrations/services/{shop.pk}/").content.decode()
    assert "down" in page
    Alert.objects.all().delete()
    assert "Fine" in client.get("/integrations/services/").content.decode()


def test_the_list_asks_as_little_for_many_services_as_for_one(
    admin: User, payments: Group, client: Client
) -> None:
    counts = []
    for number in range(6):
        made = Service.objects.create(name=f"Service {number}", group=payments)
        made.integrations.add(make_integration(payments, name=f"tool {number}"))
        with CaptureQueriesContext(connection) as caught:
            client.get("/integrations/services/")
        counts.append(len(caught))
    assert counts[0] == counts[-1]


def test_a_stranger_sees_no_service(mallory: User, payments: Group, client: Client) -> None:
    shop = Service.objects.create(name="Shop", group=payments)
    client.force_login(mallory)
    assert "Shop" not in client.get("/integrations/services/").content.decode()
    assert client.get(f"/integrations/services/{shop.pk}/").status_code == 404
    assert client.get("/integrations/services/new/").status_code == 403
    assert client.post(f"/integrations/services/{shop.pk}/remove/").status_code == 404


def test_the_five_tabs_are_there(admin: User, client: Client) -> None:
    page = client.get("/integrations/outbound/").content.decode()
    for tab in (
        "Technical Services",
        "Inbound Integrations",
        "Outbound Integrations",
        "Maintenance Windows",
        "Inbound Log",
    ):
        assert tab in page
