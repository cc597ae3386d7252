"""Signing in: by e-mail, throttled, without telling strangers who exists."""

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def dora(settings: Any, db: None) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("dora@example.com", PASSWORD, name="Dora")


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_person_signs_in_by_email_whatever_its_letters(client: Client, dora: User) -> None:
    answer = sign_in(client, "Dora@Example.com", PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get(reverse("accounts:me")).status_code == 200


def test_an_inactive_person_stays_out(client: Client, dora: User) -> None:
    User.objects.update(is_active=False)
    sign_in(client, dora.email, PASSWORD)
    assert client.get(reverse("accounts:me")).status_code == 302


def test_whoever_is_made_inactive_is_out_at_once(client: Client, dora: User) -> None:
    sign_in(client, dora.email, PASSWORD)
    User.objects.update(is_active=False)
    assert client.get(reverse("accounts:me")).status_code == 302


def test_a_wrong_password_and_an_unknown_person_are_answered_alike(dora: User) -> None:
    said = []
    for email in (dora.email, "nobody@example.com"):
        page = sign_in(Client(), email, "wrong").content.decode()
        said.append(re.findall(r'role="alert".*?</(?:div|ul)>', page, re.DOTALL))
    assert said[0] == said[1] != []


def test_guessing_is_throttled(dora: User) -> None:
    for _ in range(6):
        sign_in(Client(), dora.email, "wrong")
    page = sign_in(Client(), dora.email, PASSWORD)
    assert page.status_code in {200, 429}
    assert "Too many failed" in page.content.decode()


def test_the_console_is_no_second_way_in(dora: User) -> None:
    """One that would ask for no second factor, and let everybody guess for ever."""
    User.objects.update(roles=["owner"])
    page = Client().get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"

    keeper = User.objects.create_user("ian@example.com", name="Ian", roles=["integrations_admin"])
    signed_in = Client()
    signed_in.force_login(keeper)
    for client in (Client(), signed_in):
        facts = {"username": dora.email, "password": PASSWORD, "next": "/admin/"}
        client.post("/admin/login/", facts)
        assert client.session.get(SESSION_KEY) != str(dora.pk)
    assert signed_in.get("/admin/login/?next=//evil.test")["Location"] == "/admin/"


def test_the_console_changes_a_password_nowhere_else(client: Client, dora: User) -> None:
    """Elsewhere guessing the old one is throttled, and all other sessions end."""
    User.objects.update(roles=["owner"])
    client.force_login(dora)
    new = {"old_password": PASSWORD, "new_password1": "x" * 20, "new_password2": "x" * 20}
    for answer in (
        client.get("/admin/password_change/"),
        client.post("/admin/password_change/", new),
    ):
        assert answer["Location"] == reverse("account_change_password")
    dora.refresh_from_db()
    assert dora.check_password(PASSWORD)


def test_nobody_changes_the_address_they_sign_in_with(client: Client, dora: User) -> None:
    """It would need no password, be nobody's proven address, and could be a colleague's."""
    User.objects.create_user("olga@example.com", name="Olga")
    client.force_login(dora)
    for email in ("new@example.com", "olga@example.com"):
        for action in ("action_add", "action_primary"):
            answer = client.post("/accounts/email/", {action: "", "email": email})
            assert answer["Location"] == reverse("accounts:profile")
    dora.refresh_from_db()
    assert dora.email == "dora@example.com"
    assert not dora.emailaddress_set.exclude(email=dora.email).exists()


def test_who_has_no_business_in_the_console_is_told_so(client: Client, dora: User) -> None:
    """Instead of being sent round and round between two sign-ins."""
    client.force_login(dora)
    assert client.get("/admin/", follow=True).status_code == 403


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    data = {"email": "x@example.com", "password1": PASSWORD}
    client.post(reverse("account_signup"), data)
    assert not User.objects.exists()


def test_a_reset_link_leads_to_our_public_address(
    client: Client, dora: User, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://alerts.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    client.post(
        reverse("account_reset_password"), {"email": dora.email}, headers={"host": "evil.test"}
    )
    [sent] = mail.outbox
    assert "https://alerts.example.org/" in sent.body
    assert "evil.test" not in sent.body + sent.subject


def test_a_reset_for_a_stranger_sends_nothing_and_says_the_same(client: Client, dora: User) -> None:
    answers = [
        client.post(reverse("account_reset_password"), {"email": email}).status_code
        for email in (dora.email, "nobody@example.com")
    ]
    assert answers[0] == answers[1]
    assert [m.to for m in mail.outbox] == [[dora.email]]


def test_the_session_changes_at_sign_in(client: Client, dora: User) -> None:
    session = client.session
    session["x"] = 1
    session.save()
    before = client.session.session_key
    sign_in(client, dora.email, PASSWORD)
    assert client.session.session_key != before


@pytest.mark.parametrize("target", ["//evil.test/", "https://evil.test/", "/\\evil.test", "%09//e"])
def test_signing_in_leads_nowhere_else(client: Client, dora: User, target: str) -> None:
    answer = client.post(
        f"{reverse('account_login')}?next={target}",
        {"login": dora.email, "password": PASSWORD, "next": target},
    )
    assert not answer["Location"].startswith(("//", "http", "/\\"))


@pytest.mark.parametrize("name", ["account_change_password", "mfa_index", "usersessions_list"])
def test_the_pages_of_the_sign_in_open(client: Client, dora: User, name: str) -> None:
    sign_in(client, dora.email, PASSWORD)
    assert client.get(reverse(name)).status_code == 200
