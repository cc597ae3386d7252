"""Every address of the API, tried with tokens that are none, over, weak, or a stranger's."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import tokens
from alertops import clock
from tests.alertops.callers import HOPEFUL, ask, changed, failed, leaks, roles, stranger
from tests.alertops.doors import Door, doors
from tests.alertops.planted import Planted, plant, theirs

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

API = [door for door in doors() if door.path.startswith("/api/v1/")]
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def planted() -> Planted:
    return plant()


def test_a_program_needs_a_token_that_lives(planted: Planted) -> None:
    now = clock.now()
    revoked, raw = tokens.create(planted.member, name="x", scopes=["write"], actor=None, now=now)
    tokens.revoke(revoked, actor=None, now=now)
    over, late = tokens.create(planted.member, name="y", scopes=["write"], actor=None, now=now)
    type(over).objects.filter(pk=over.pk).update(expires_at=now)
    before = theirs()
    for presented in (raw, late, "ao_" + "x" * 43, "\u00e4"):
        for door in API:
            for method in ("get", "post", "delete"):
                answer = call(method, door, presented)
                assert answer.status_code == 401, (presented, method, str(door))
                assert set(answer.json()) == {"error"}
    assert not changed(before), changed(before)


def test_a_token_that_may_read_changes_nothing(planted: Planted) -> None:
    _, raw = tokens.create(planted.member, name="x", scopes=["read"], actor=None, now=clock.now())
    before = theirs()
    for door in API:
        for method in METHODS[1:]:
            answer = call(method, door, raw)
            assert answer.status_code in {403, 404, 405}, (method, str(door), answer.status_code)
    assert not changed(before), changed(before)


@pytest.mark.parametrize("of", roles())
def test_a_strangers_token_opens_nothing_of_the_team(planted: Planted, of: str) -> None:
    mallory = stranger(of)
    _, raw = tokens.create(mallory, name="x", scopes=["write"], actor=None, now=clock.now())
    before = theirs()
    wrong = []
    for door in API:
        for method in METHODS:
            answer = call(method, door, raw)
            told = leaks(answer, planted, door.to_the_team())
            if told or failed(door, answer):
                wrong.append((method, str(door), answer.status_code, told))
    assert not wrong, "\n".join(map(str, wrong))
    assert not changed(before), changed(before)


def call(method: str, door: Door, token: str) -> HttpResponse:
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
    return ask(client, method, door.to_the_team(), HOPEFUL)
