"""The console's menu: of one piece with the pages, and only what a role may open."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from alertops import clock
from alertops.console import _SECTIONS
from alertops.models import LoopBeat
from alertops.queue_admin import LoopBeatAdmin
from tests import builders
from tests.alertops.callers import HOPEFUL, ask, browser, changed, leaks, said
from tests.alertops.doors import doors
from tests.alertops.planted import plant, theirs

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


def test_an_integrations_admin_reads_there_of_a_team_what_the_pages_tell_and_no_more():
    """Not the alerts, people and calendars of a team that keeps to itself."""
    planted = plant()
    client = browser(builders.person("Ian", roles=["integrations_admin"]))
    looked = 0
    for door in doors():
        if door.name.startswith(("admin:alerts_", "admin:groups_", "admin:schedules_")):
            path = door.to_the_team()
            answer = ask(client, "get", path)
            looked += answer.status_code == 200
            assert not leaks(answer, planted, path), path
    assert looked >= 6  # the lists
    for asked in (
        "app_label=integrations&model_name=route",
        "app_label=schedules&model_name=override",
    ):
        for field in ("group", "schedule"):
            answer = ask(client, "get", f"/admin/autocomplete/?term=&{asked}&field_name={field}")
            assert not leaks(answer, planted, "")


def test_an_integrations_admin_changes_there_nothing_but_integrations():
    planted = plant()
    user = builders.person("Ian", roles=["integrations_admin"])
    client = browser(user)
    before = theirs()
    for door in doors():
        if door.name.startswith("admin:") and not door.name.endswith(("login", "logout")):
            answer = ask(client, "post", door.to_the_team(), {**HOPEFUL, "post": "yes"})
            assert "/accounts/password/reset/key/" not in said(answer), door
    apps_ = {name.partition(".")[0] for name in changed(before)}
    assert apps_ <= {"integrations"}, changed(before)
    assert client.get(f"/admin/accounts/user/{planted.member.pk}/change/").status_code == 200


def test_an_empty_list_says_whether_there_is_nothing_or_nothing_that_fits(client: Client):
    client.force_login(builders.person("Olga", roles=["owner"]))

    assert "There is no API token so far." in client.get("/admin/accounts/apitoken/").text
    assert "No person fits" in client.get("/admin/accounts/user/?q=nobody-of-this-name").text


def test_what_beats_seldom_is_not_called_late(client: Client):
    client.force_login(builders.person("Olga", roles=["owner"]))
    now = clock.now()
    for name, seconds in (("canary", 30), ("tick", 30), ("inbox", 1)):
        at = now - timedelta(seconds=seconds)
        LoopBeat.objects.create(name=name, beat_at=at, ends_at=at, run_id="", host="", pid=0)

    shown = client.get("/admin/alertops/loopbeat/").context["cl"].result_list

    states = {beat.name: LoopBeatAdmin(LoopBeat, admin.site).state(beat) for beat in shown}
    assert states == {"canary": "Alive", "tick": "Late", "inbox": "Alive"}


def test_a_stakeholder_is_offered_nothing_that_is_for_responders(client: Client):
    client.force_login(builders.person("Stan", roles=["stakeholder"]))
    assert "/alerts/new/" not in client.get("/").text
    assert "/time-off/add/" not in client.get("/me/shifts/").text

    client.force_login(builders.person("Bea"))
    assert "/alerts/new/" in client.get("/").text
    assert "/time-off/add/" in client.get("/me/shifts/").text
