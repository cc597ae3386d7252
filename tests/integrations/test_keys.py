"""Two keys at a time, so that a key can be changed without losing an event."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from groups.models import Group
from integrations import actions, addresses, limits
from integrations.models import InboundEvent, Integration, Key
from integrations.states import Standing
from tests import builders
from tests.conftest import Clock
from tests.integrations.conftest import Send, make_integration, sent, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    addresses._used.clear()


@pytest.fixture
def keeper(client: Client) -> User:
    user = builders.person("Keeper", roles=[Role.INTEGRATIONS_ADMIN.value])
    client.force_login(user)
    return user


def rotate(integration: Integration, grace: timedelta | None, clock: Any) -> str:
    return actions.rotate_key(integration, grace=grace, actor=None, now=clock.now())


def test_the_old_key_works_beside_the_new_one_until_its_grace_ends(
    integration: Integration, send: Send, clock: Clock
) -> None:
    old = integration.key
    new = rotate(integration, DAY, clock)
    assert send(old, {"title": "a"}).status_code == send(new, {"title": "b"}).status_code == 202
    clock.set(clock.now() + DAY - timedelta(seconds=1))
    assert send(old, {"title": "c"}).status_code == 202
    clock.set(clock.now() + timedelta(seconds=1))
    assert send(old, {"title": "d"}).status_code == 404
    assert send(new, {"title": "e"}).status_code == 202


def test_a_key_without_an_end_works_until_it_is_revoked(
    integration: Integration, send: Send, clock: Clock
) -> None:
    old = integration.key
    rotate(integration, None, clock)
    clock.set(clock.now() + timedelta(days=900))
    assert send(old, {"title": "a"}).status_code == 202
    actions.revoke_key(
        integration.keys.get(standing=Standing.PREVIOUS), actor=None, now=clock.now()
    )
    assert send(old, {"title": "a"}).status_code == 404


def test_never_more_than_two_keys_are_good(
    integration: Integration, send: Send, clock: Clock
) -> None:
    first = integration.key
    second, third = rotate(integration, DAY, clock), rotate(integration, DAY, clock)
    assert [send(key, {}).status_code for key in (first, second, third)] == [404, 202, 202]
    with pytest.raises(IntegrityError), transaction.atomic():
        integration.keys.create(prefix="x", digest="x", standing=Standing.PREVIOUS)
    with pytest.raises(IntegrityError), transaction.atomic():
        integration.keys.create(prefix="x", digest="y")


def test_the_current_key_cannot_be_revoked(integration: Integration, clock: Clock) -> None:
    with pytest.raises(actions.NotAllowed, match="make a new one first"):
        actions.revoke_key(integration.keys.get(), actor=None, now=clock.now())


def test_the_log_knows_which_key_an_event_came_with_and_each_key_when_it_was_used(
    integration: Integration, send: Send, clock: Clock
) -> None:
    old = integration.key
    new = rotate(integration, DAY, clock)
    sent(send(new, {"title": "a"}))
    assert InboundEvent.objects.get().key.prefix == new[:6]
    by_prefix = dict(Key.objects.values_list("prefix", "last_used_at"))
    assert by_prefix == {new[:6]: clock.now(), old[:6]: None}


def test_being_used_is_written_once_a_minute_at_most(
    integration: Integration, send: Send, clock: Clock
) -> None:
    sent(send(integration, {"title": "a"}))
    first = clock.now()
    clock.set(first + timedelta(seconds=59))
    send(integration, {"title": "b"})
    with CaptureQueriesContext(connection) as queries:
        work_off()
    assert not [query for query in queries if "integrations_key" in str(query["sql"])]
    assert integration.keys.get().last_used_at == first
    clock.set(first + timedelta(seconds=60))
    sent(send(integration, {"title": "c"}))
    assert integration.keys.get().last_used_at == clock.now()


def test_two_keys_share_one_limit_and_a_void_one_uses_none_of_it() -> None:
    buckets = limits.Buckets()
    for key in ("old", "new"):
        buckets.learn(key, 7, per_minute=60, burst=4, shares=1, at=0.0)
    assert [buckets.ask(key, 0.0)[0] for key in ("old", "new", "old", "new")] == [0, 0, 1, 1]
    buckets.forget("old")
    assert buckets.ask("old", 0.0) == (0, 0)
    assert buckets.ask("new", 1.0) == (0, 0)


def test_the_page_tells_the_keys_apart_and_revokes_the_old_one(
    client: Client, keeper: User, integration: Integration, send: Send
) -> None:
    old = integration.key
    url = reverse("integrations:new-key", args=[integration.pk])
    html = client.post(url, {"grace": "week"}).content.decode()
    new = re.search(r"/integrations/([0-9a-f]{32})/", html)
    assert new
    assert "Replaced" in html
    assert send(old, {}).status_code == send(new[1], {}).status_code == 202
    row = integration.keys.get(standing=Standing.PREVIOUS)
    client.post(reverse("integrations:revoke-key", args=[integration.pk, row.pk]))
    assert send(old, {}).status_code == 404
    page = client.get(reverse("integrations:detail", args=[integration.pk])).content.decode()
    assert "Replaced" not in page
    assert new[1] not in page
    assert client.post(url, {"grace": "for ever"}).status_code == 302
    assert integration.keys.count() == 2


def test_mallory_revokes_nothing(
    client: Client, mallory: User, integration: Integration, clock: Clock
) -> None:
    rotate(integration, None, clock)
    client.force_login(mallory)
    row = integration.keys.get(standing=Standing.PREVIOUS)
    url = reverse("integrations:revoke-key", args=[integration.pk, row.pk])
    assert client.post(url).status_code == 404
    assert client.get(reverse("integrations:state", args=[integration.pk])).status_code == 404
    assert client.delete(f"/api/v1/keys/{row.pk}/").status_code == 403
    row.refresh_from_db()
    assert row.standing == Standing.PREVIOUS


def test_the_api_lists_keys_and_keeps_the_old_one_when_asked(
    client: Client, keeper: User, integration: Integration, send: Send
) -> None:
    old, base = integration.key, f"/api/v1/integrations/{integration.pk}"
    made = client.post(f"{base}/rotate-key/?grace=day").json()
    assert send(old, {}).status_code == send(made["key"], {}).status_code == 202
    current, previous = client.get(f"{base}/keys/").json()
    assert (current["standing"], previous["standing"]) == ("current", "previous")
    assert current["prefix"] == made["key"][:6]
    assert client.delete(f"/api/v1/keys/{current['id']}/").status_code == 409
    assert client.delete(f"/api/v1/keys/{previous['id']}/").status_code == 204
    assert send(old, {}).status_code == 404
    assert client.post(f"{base}/rotate-key/?grace=year").status_code == 400


def test_the_page_waits_for_the_first_event_and_turns_green(
    client: Client, keeper: User, integration: Integration, send: Send
) -> None:
    url = reverse("integrations:state", args=[integration.pk])
    waiting = client.get(url).content.decode()
    assert "Waiting for the first event" in waiting
    assert f'hx-get="{url}"' in waiting
    client.post(reverse("integrations:test", args=[integration.pk]))
    work_off()
    connected = client.get(url).content.decode()
    assert "Connected" in connected
    assert "hx-get" not in connected


def test_an_integration_over_its_limit_says_so_on_its_page_and_in_the_list(
    client: Client, keeper: User, payments: Group, send: Send, settings: Any
) -> None:
    settings.WEB_WORKERS = 1
    small = make_integration(payments, name="Small", burst=1, rate_per_minute=1)
    assert [send(small, {"title": "x"}).status_code for _ in range(3)] == [202, 429, 429]
    page = client.get(reverse("integrations:detail", args=[small.pk])).content.decode()
    assert "Over its limit" in page
    rows = client.get(reverse("integrations:list")).content.decode()
    assert "1 refused" in rows


def test_the_list_asks_no_more_when_there_are_more(
    client: Client, keeper: User, payments: Group
) -> None:
    url = reverse("integrations:list")
    make_integration(payments, name="one")
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(5):
        make_integration(payments, name=f"more {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
