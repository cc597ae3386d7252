"""People and their addresses below /api/v1/: whose hands may touch whose."""

from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import ContactMethod, User
from alertops import clock
from tests import builders

pytestmark = pytest.mark.django_db
URL = "/api/v1/contact-methods/"


def program(user: User, *scopes: str) -> Client:
    """A program that has a token of this person's."""
    _, raw = tokens.create(user, name="x", scopes=scopes, actor=user, now=clock.now())
    return Client(headers={"Authorization": f"Bearer {raw}"})


def tried(client: Client, method: ContactMethod, owner: User) -> list[int]:
    """What it answers to adding, changing and removing an address of this person."""
    path, more = f"{URL}{method.pk}/", {"content_type": "application/json"}
    facts: dict[str, Any] = {"user": owner.pk, "kind": "email", "address": "new@example.com"}
    return [
        client.post(URL, facts, **more).status_code,
        client.patch(path, {"label": "Changed"}, **more).status_code,
        client.delete(path).status_code,
    ]


def test_a_token_needs_to_administer_to_touch_the_addresses_of_others() -> None:
    """As for everything else that only administrators may do."""
    ada, bob = builders.person("Ada", roles=["app_admin"]), builders.person("Bob")
    method, own = bob.contact_methods.get(), ada.contact_methods.get()

    assert tried(program(ada, "write"), method, bob) == [400, 404, 404]
    assert program(ada, "read").get(f"{URL}{method.pk}/").status_code == 200
    assert tried(program(ada, "write"), own, ada) == [201, 200, 204]
    assert tried(program(ada, "admin"), method, bob) == [201, 200, 204]


def test_only_an_owner_touches_how_an_owner_is_reached() -> None:
    ada = builders.person("Ada", roles=["app_admin"])
    olga, otto = (builders.person(name, roles=["owner"]) for name in ("Olga", "Otto"))
    method = olga.contact_methods.get()

    answers = tried(program(ada, "admin"), method, olga)
    assert answers == [409, 409, 409]
    method.refresh_from_db()
    assert method.label == ""
    assert tried(program(otto, "admin"), method, olga) == [201, 200, 204]
