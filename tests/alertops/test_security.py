import os

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from alertops import errors, web
from alertops.security import POLICIES


@pytest.mark.django_db
def test_our_own_pages_allow_nothing_inline_and_no_frame(client: Client) -> None:
    response = client.get(reverse("account_login"))
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_our_own_pages_keep_their_promise_of_nothing_inline(client: Client) -> None:
    html = client.get(reverse("account_login")).content.decode().lower()
    for word in ("<style", " style=", " onclick=", " onload=", "javascript:", "//cdn"):
        assert word not in html


@pytest.mark.django_db
def test_a_missing_page_has_the_headers_too(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_cookies_are_for_the_server_only(client: Client) -> None:
    cookies = client.get(reverse("account_login")).cookies
    assert cookies
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_only_the_console_may_evaluate_what_stands_in_its_markup() -> None:
    loose = [prefix for prefix, policy in POLICIES if "unsafe-eval" in policy]
    assert loose == ["/admin/"]
    assert all("frame-ancestors 'none'" in policy for _, policy in POLICIES)


@pytest.mark.django_db
def test_the_documentation_of_the_api_needs_no_other_server(client: Client) -> None:
    html = client.get("/api/docs/").content.decode()
    assert "swagger" in html
    assert "https://" not in html


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/v2/nothing"])
def test_programs_get_their_errors_as_one_sentence(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json() == {"error": "There is nothing here."}


@pytest.mark.django_db
def test_people_get_their_errors_as_a_page(client: Client) -> None:
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "text/html" in response.headers["Content-Type"]


@pytest.mark.parametrize("status", [400, 403, 500])
def test_every_error_has_a_page_that_needs_no_database(status: int) -> None:
    response = errors._answer(RequestFactory().get("/alerts/"), status)
    assert response.status_code == status
    assert b"<html" in response.content


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ("No.", ["No."]),
        ({"detail": "No."}, ["No."]),
        ({"name": ["Too long."]}, ["name: Too long."]),
        ({"a": {"b": ["No."]}, "non_field_errors": ["Never."]}, ["a.b: No.", "Never."]),
        ([{"x": ["No."]}], ["x: No."]),
    ],
)
def test_nested_complaints_become_plain_sentences(detail: object, sentence: list[str]) -> None:
    assert list(errors._sentences(detail)) == sentence


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})
    assert response.status_code == 403
    assert b"<html" in response.content


def test_a_web_process_forgets_the_secrets_of_its_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, gone = (
        {"PATH": "/bin", "TZ": "UTC"},
        {
            "SECRET_KEY": "x",
            "DATABASE_URL": "x",
            "TWILIO_AUTH_TOKEN": "x",
            "EMAIL_HOST_PASSWORD": "x",
            "ANYMAIL_MAILGUN_API_KEY": "x",
        },
    )
    monkeypatch.setattr(os, "environ", {**kept, **gone})
    web.hide_secrets()
    assert os.environ == kept
