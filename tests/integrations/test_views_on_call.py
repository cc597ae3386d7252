"""Who is on call for a service: whoever is for the group that owns it."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Service
from tests import builders

PATH = "integrations:services-on-call"


@pytest.fixture
def keeper(db):
    return builders.person("Ingrid", roles=["integrations_admin"])


def page(user, query: str = "") -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse(PATH) + query).content.decode()


def test_each_service_shows_who_answers_for_it(keeper, alice, bob) -> None:
    group = builders.group(primary=(alice,), manager=(bob,), visibility="everyone")
    Service.objects.create(name="Checkout", group=group)
    other = builders.group("Search", primary=(bob,), visibility="everyone")
    Service.objects.create(name="Index", group=other)
    text = page(keeper)
    assert text.index("Checkout") < text.index("Alice") < text.index("Index")
    assert "Index" not in page(keeper, "?q=check")
    assert "Checkout" in page(keeper, "?q=payments")
    assert "Alice" not in page(keeper, "?after=Checkout")


def test_whoever_keeps_no_integrations_reads_who_does(alice) -> None:
    group = builders.group(primary=(alice,))
    Service.objects.create(name="Checkout", group=group)
    text = page(alice)
    assert "Checkout" not in text
    assert "Technical services are kept by Integrations Admins" in text


def test_a_service_of_a_group_out_of_sight_is_not_there(keeper, alice) -> None:
    group = builders.group(primary=(alice,), visibility="members")
    Service.objects.create(name="Secret", group=group)
    assert "Secret" not in page(keeper)


def test_the_page_costs_the_same_however_many(keeper, alice, django_assert_max_num_queries) -> None:
    for number in range(12):
        group = builders.group(f"Team {number}", primary=(alice,), visibility="everyone")
        Service.objects.create(name=f"Service {number:02}", group=group)
    client = Client()
    client.force_login(keeper)
    with django_assert_max_num_queries(11):
        client.get(reverse(PATH))
