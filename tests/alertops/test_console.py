"""The console's menu: of one piece with the pages, and only what a role may open."""

import pytest
from django.apps import apps
from django.test import Client

from alertops.console import _SECTIONS
from tests import builders

pytestmark = pytest.mark.django_db


def test_every_entry_of_the_menu_is_a_model_of_ours():
    for _, entries in _SECTIONS:
        for _, _, model, hint in entries:
            assert apps.get_model(model)
            assert hint.endswith(".")


def test_an_owner_finds_people_groups_and_integrations(client: Client):
    client.force_login(builders.person("Olga", roles=["owner"]))

    text = client.get("/admin/").text

    for word in ("People", "Groups", "Integrations", "Audit trail"):
        assert word in text
    assert "Site administration" not in text


def test_an_integrations_admin_is_not_offered_the_audit_trail(client: Client):
    client.force_login(builders.person("Ian", roles=["integrations_admin"]))

    text = client.get("/admin/").text

    assert "Integrations" in text
    assert "Audit trail" not in text


def test_others_are_not_let_in(client: Client):
    client.force_login(builders.person("Bea"))

    assert client.get("/admin/").status_code == 302
