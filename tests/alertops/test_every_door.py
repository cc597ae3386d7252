"""Every address of the house, tried by those who have no business there.

The addresses come from the resolver: one that is added later is tried by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse

from integrations import store
from integrations.dropins import door as drop_in_door
from tests import builders
from tests.alertops.callers import (
    HOPEFUL,
    ask,
    browser,
    changed,
    failed,
    leaks,
    roles,
    said,
    stranger,
)
from tests.alertops.doors import doors
from tests.alertops.planted import MARK, Planted, plant, theirs

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

DOORS = doors()
PUBLIC = {
    # the health of the house, without a word about anybody
    "healthz", "readyz", "engine-health", "metrics",
    # signing in, and getting a forgotten password anew
    "account_login", "account_logout", "account_inactive", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_confirm_email", "account_signup",
    "account_email_verification_sent", "mfa_login_webauthn", "admin:logout",
    # what the API can do, and what a browser asks before it signs in
    "schema", "docs", "accounts:service-worker", "accounts:manifest", "theme",
    # drop-ins that say what they are before they are asked for a key
    "integrations:integrations.dropins.alerta.doors.Config",
}  # fmt: skip
OF_ONE_PERSON = {
    # not even an owner: rows of somebody else, and addresses one must know
    "mfa_remove_webauthn", "mfa_edit_webauthn", "accounts:method", "schedules:feed", "alerts:link",
    "integrations:ping", "integrations:ping-what",
}  # fmt: skip
REFUSED = {302, 400, 401, 403, 404, 405, 410, 415, 422}

NONSENSE = ("-1", str(2**63), "%00", "..%2fletters%F0%9F%92%A9%ff")
QUERIES = (
    "?page=x&before=x&after=x&cursor=%00&q=%00&status=no&group=no&at=no&since=no&until=no&p=x&o=x",
    "?before=99999999999999999999&after=-1&at=9999-12-31T23:59:59Z&since=0001-01-01&limit=-1"
    "&group=7700779999999999999999&integration=x&outcome=x&kind=x&range=x&start=0000-00-00&all=1"
    "&until=9999-12-31&id__exact=x&_facets=x&_popup=1&e=1&q=" + "x" * 3000,
)


@pytest.fixture
def planted(_buckets: None) -> Planted:
    return plant()


@pytest.fixture
def _buckets() -> Iterator[None]:
    store.forget_limits()
    drop_in_door.forget_limits()
    yield
    store.close()


def test_the_walk_would_see_something(planted: Planted) -> None:
    """Else the rest of this file proves nothing: an owner reaches nearly every door and reads of
    the team behind most of those that name it."""
    client = browser(builders.person("Olga", roles=["owner"]))
    named = [door for door in DOORS if "<" in door.path and not door.name.startswith("admin:")]
    seen, missing = 0, []
    for door in named:
        answer = ask(client, "get", door.to_the_team())
        if answer.status_code == 404:
            missing.append(door.name)
        seen += any(word in said(answer) for word in planted.unspeakable)
    assert seen > 60, seen
    assert set(missing) == OF_ONE_PERSON
    member = browser(planted.member)
    pages = ("/", "/alerts/", "/on-call/", "/groups/", "/schedules/", "/me/", "/time-off/")
    assert sum(MARK in said(ask(member, "get", page)) for page in pages) >= 5


@pytest.mark.parametrize("method", ["get", "head", "post", "delete"])
def test_who_has_not_signed_in_gets_in_nowhere(planted: Planted, method: str) -> None:
    before = theirs()
    client = browser()
    wrong = []
    for door in DOORS:
        path = door.to_the_team()
        answer = ask(client, method, path, HOPEFUL)
        open_ = door.name in PUBLIC and not failed(door, answer)
        told = leaks(answer, planted, path)
        if told or not (open_ or answer.status_code in REFUSED):
            wrong.append((str(door), answer.status_code, told))
        elif answer.status_code == 302 and not open_ and not _to_sign_in(answer):
            wrong.append((str(door), 302, answer.headers["Location"]))
    assert not wrong, "\n".join(map(str, wrong))
    assert not changed(before), changed(before)


def _to_sign_in(answer: HttpResponse) -> bool:
    return answer.headers["Location"].partition("?")[0] in {"/accounts/login/", "/admin/login/"}


@pytest.mark.parametrize(
    ("of", "method"),
    [*((of, "get") for of in roles()), ("a responder", "post"), ("a responder", "delete")],
)
def test_a_stranger_reads_and_changes_nothing_of_a_team(
    planted: Planted, of: str, method: str
) -> None:
    before = theirs()
    user = stranger(of)
    client = browser(user)
    wrong = []
    for door in DOORS:
        path = door.to_the_team()
        answer = ask(client, method, path, HOPEFUL)
        told = leaks(answer, planted, path)
        if told or failed(door, answer):
            wrong.append((str(door), answer.status_code, told))
        if door.name in {"account_logout", "admin:logout"}:
            client = browser(user)
    assert not wrong, "\n".join(map(str, wrong))
    assert not changed(before), changed(before)


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_forms_token_nothing_changes(planted: Planted, method: str) -> None:
    """Another site in the browser of somebody who may everything: its requests carry the cookie
    and nothing else."""
    client = browser(builders.person("Olga", roles=["owner"]))
    del client.cookies[settings.CSRF_COOKIE_NAME]
    before = theirs()
    for door in DOORS:
        ask(client, method, door.to_the_team(), HOPEFUL)
    assert not changed(before), changed(before)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_in_an_address_is_answered_in_peace(planted: Planted, nonsense: str) -> None:
    client = browser(builders.person("Olga", roles=["owner"]))
    wrong = []
    for door in (door for door in DOORS if "<" in door.path):
        for method in ("get", "post"):
            path = door.filled({"pk": nonsense})
            answer = ask(client, method, path, HOPEFUL)
            if failed(door, answer):
                wrong.append((method, path, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("value", ["\0", str(2**63)])
def test_nonsense_in_a_form_is_answered_in_peace(planted: Planted, value: str) -> None:
    """What is removed on the way comes back: each form is filled in on its own."""
    client = browser(builders.person("Olga", roles=["owner"]))
    form = dict.fromkeys(HOPEFUL, value)
    wrong = []
    for door in (door for door in DOORS if not door.name.endswith("logout")):
        with transaction.atomic():
            answer = ask(client, "post", door.to_the_team(), form)
            transaction.set_rollback(True)
        if failed(door, answer):
            wrong.append((str(door), answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("query", QUERIES)
def test_nonsense_in_a_query_is_answered_in_peace(planted: Planted, query: str) -> None:
    client = browser(builders.person("Olga", roles=["owner"]))
    wrong = []
    for door in DOORS:
        answer = ask(client, "get", door.to_the_team() + query)
        if failed(door, answer):
            wrong.append((str(door), answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))
