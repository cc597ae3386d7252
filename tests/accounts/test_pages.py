"""A person's own pages: what they show, what they refuse, and whom they show nothing."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.models import ApiToken, ContactMethod, NotificationRule, UnsentMessage, User
from alertops import clock
from tests.doubles.push import PushDouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora@example.com", name="Dora", time_zone="Europe/Vienna")


@pytest.fixture
def mail(dora: User) -> ContactMethod:
    return ContactMethod.objects.create(
        user=dora, kind="email", address="dora@example.com", verified_at=clock.now()
    )


@pytest.fixture
def signed_in(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


@pytest.fixture
def as_mallory(mallory: User) -> Client:
    client = Client()
    client.force_login(mallory)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


PAGES = ["me", "profile", "tokens", "security"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_asks_for_a_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(f"accounts:{name}"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(signed_in: Client, mail: ContactMethod, name: str) -> None:
    assert signed_in.get(reverse(f"accounts:{name}")).status_code == 200


def test_addresses_are_shown_masked(signed_in: Client, mail: ContactMethod) -> None:
    page = text(signed_in.get(reverse("accounts:me")))
    assert "d•••@example.com" in page
    page = text(signed_in.get(reverse("accounts:method", args=[mail.pk])))
    assert "d•••@example.com" in page


def test_someone_without_a_usable_method_is_warned(signed_in: Client) -> None:
    assert "Nobody can page you" in text(signed_in.get(reverse("accounts:me")))


def test_adding_a_number_leads_to_its_code(signed_in: Client, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    response = signed_in.post(
        reverse("accounts:add-method", args=["sms"]),
        {"address": "+43 664 1234567", "label": "Mine"},
        follow=True,
    )
    assert "An administrator can read the code on the outbox page" in text(response)
    method = ContactMethod.objects.get(kind="sms")
    code = UnsentMessage.objects.get().text[:6]
    response = signed_in.post(
        reverse("accounts:verify", args=[method.pk]), {"code": code}, follow=True
    )
    assert "Verified." in text(response)
    assert ContactMethod.objects.usable().get() == method


BAD = [
    ("sms", "", "This field is required."),
    ("sms", "0664", "Write the number with its country code"),
    ("voice", "+43 12", "This is not a phone number that can be called."),
    ("email", "dora", "Write an e-mail address like name@example.org."),
    ("webhook", "ftp://x", "The address must begin with https:// or http://."),
    ("webhook", "https://a:b@example.org/", "must not contain a user name or password"),
    ("apprise", "json://localhost", "Write an apprise address"),
]


@pytest.mark.parametrize(("kind", "address", "sentence"), BAD)
def test_a_bad_address_is_answered_with_one_sentence(
    signed_in: Client, kind: str, address: str, sentence: str
) -> None:
    page = signed_in.post(reverse("accounts:add-method", args=[kind]), {"address": address})
    found = re.findall(r'<ul class="errors".*?</ul>', text(page), re.DOTALL)
    assert len(found) == 1
    assert found[0].count("<li>") == 1
    assert sentence in found[0]
    assert not ContactMethod.objects.exists()


def test_the_same_address_twice_is_refused(signed_in: Client, mail: ContactMethod) -> None:
    page = signed_in.post(
        reverse("accounts:add-method", args=["email"]), {"address": "Dora@Example.com"}
    )
    assert "already on the list" in text(page)


@pytest.mark.parametrize("kind", ["pigeon", "push"])
def test_there_is_no_form_for_other_kinds(signed_in: Client, kind: str) -> None:
    assert signed_in.get(reverse("accounts:add-method", args=[kind])).status_code == 404


def test_a_wrong_code_says_so_beside_the_field(signed_in: Client, dora: User) -> None:
    method = actions.add_contact_method(dora, "email", "d@example.com", actor=dora, now=clock.now())
    page = text(signed_in.post(reverse("accounts:verify", args=[method.pk]), {"code": "123456"}))
    assert "This code is no longer good; have a new one sent." in page


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("method", "get"),
        ("method", "post"),
        ("send-code", "post"),
        ("verify", "post"),
        ("test-method", "post"),
        ("remove-method", "post"),
    ],
)
def test_mallory_does_not_find_other_peoples_methods(
    as_mallory: Client, mail: ContactMethod, name: str, method: str
) -> None:
    url = reverse(f"accounts:{name}", args=[mail.pk])
    assert getattr(as_mallory, method)(url, {"code": "1", "label": "x"}).status_code == 404
    mail.refresh_from_db()
    assert (mail.label, mail.is_usable) == ("", True)


def test_mallory_cannot_put_other_peoples_methods_into_her_rules(
    as_mallory: Client, mallory: User, mail: ContactMethod
) -> None:
    page = as_mallory.post(reverse("accounts:rules", args=["high"]), rules_data((mail.pk, "0")))
    assert "Select a valid choice" in text(page)
    assert not NotificationRule.objects.filter(contact_method=mail).exists()


def rules_data(*lines: tuple[int, str]) -> dict[str, Any]:
    data: dict[str, Any] = {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": 0}
    for number, (method, delay) in enumerate(lines):
        data |= {f"form-{number}-contact_method": method, f"form-{number}-delay": delay}
    return data


def test_rules_are_changed_and_told_in_words(signed_in: Client, mail: ContactMethod) -> None:
    url = reverse("accounts:rules", args=["high"])
    page = signed_in.post(url, rules_data((mail.pk, "0"), (mail.pk, "3 min")), follow=True)
    assert re.search(r"At once</span>\s+E-mail d•••@example.com", text(page))
    assert "After 3 min" in text(page)
    assert list(NotificationRule.objects.values_list("urgency", "delay_seconds")) == [
        ("high", 0),
        ("high", 180),
    ]


@pytest.mark.parametrize(
    ("delay", "sentence"),
    [
        ("soon", "Write a length of time"),
        ("-1", "Write a length of time"),
        ("25 h", "This must be at most 1 d."),
    ],
)
def test_a_bad_delay_is_answered_with_one_sentence(
    signed_in: Client, mail: ContactMethod, delay: str, sentence: str
) -> None:
    page = text(
        signed_in.post(reverse("accounts:rules", args=["high"]), rules_data((mail.pk, delay)))
    )
    assert page.count(sentence) == 1
    assert not NotificationRule.objects.exists()


def test_the_same_rule_twice_is_refused(signed_in: Client, mail: ContactMethod) -> None:
    page = signed_in.post(
        reverse("accounts:rules", args=["low"]), rules_data((mail.pk, "1"), (mail.pk, "60 s"))
    )
    assert "The same rule stands there twice." in text(page)


@pytest.mark.parametrize("total", ["x", "-1", "100000", ""])
def test_a_broken_form_is_no_server_error(signed_in: Client, total: str) -> None:
    data = {"form-TOTAL_FORMS": total, "form-INITIAL_FORMS": "0"}
    assert signed_in.post(reverse("accounts:rules", args=["high"]), data).status_code < 400


def test_a_token_is_shown_once_and_kept_as_a_digest(signed_in: Client) -> None:
    page = text(
        signed_in.post(reverse("accounts:tokens"), {"name": "CI", "scopes": ["read"], "days": "30"})
    )
    found = re.search(r"ao_[\w-]{43}", page)
    assert found
    token = ApiToken.objects.get()
    assert found[0] not in json.dumps([token.digest, token.prefix, token.name])
    assert found[0] not in text(signed_in.get(reverse("accounts:tokens")))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "", "scopes": ["read"], "days": "30"}, "This field is required."),
        ({"name": "CI", "days": "30"}, "This field is required."),
        ({"name": "CI", "scopes": ["admin"], "days": "30"}, "Select a valid choice"),
        ({"name": "CI", "scopes": ["read"], "days": "9"}, "Select a valid choice"),
    ],
)
def test_a_bad_token_form_is_answered_with_one_sentence(
    signed_in: Client, data: dict[str, Any], sentence: str
) -> None:
    page = text(signed_in.post(reverse("accounts:tokens"), data))
    assert page.count("<li>") - page.count("<li><") <= 1
    assert sentence in page
    assert not ApiToken.objects.exists()


def test_mallory_cannot_revoke_other_peoples_tokens(signed_in: Client, as_mallory: Client) -> None:
    signed_in.post(reverse("accounts:tokens"), {"name": "CI", "scopes": ["read"], "days": "never"})
    token = ApiToken.objects.get()
    url = reverse("accounts:revoke-token", args=[token.pk])
    assert as_mallory.post(url).status_code == 404
    assert ApiToken.objects.live(clock.now()).exists()
    signed_in.post(url)
    assert not ApiToken.objects.live(clock.now()).exists()


def test_this_browser_can_be_paged(signed_in: Client, dora: User, browser: PushDouble) -> None:
    facts = browser.subscribe() | {"label": "Firefox on Linux"}
    url = reverse("accounts:subscribe")
    assert signed_in.post(url, facts, content_type="application/json").status_code == 201
    method = dora.contact_methods.get()
    assert (method.kind, method.label, method.is_usable) == ("push", "Firefox on Linux", True)
    assert dora.notification_rules.count() == 2
    assert signed_in.post(url, facts, content_type="application/json").status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 400), ("[]", 400), ("{}", 400), ("null", 400), ("[" * 4000, 400), ("x" * 9000, 413)],
)
def test_a_broken_subscription_is_answered_with_one_sentence(
    signed_in: Client, body: str, status: int
) -> None:
    answer = signed_in.post(reverse("accounts:subscribe"), body, content_type="application/json")
    assert answer.status_code == status
    assert answer.json() == {"error": "This is not a push subscription of a browser."} or (
        answer.json() == {"error": "This is not a push subscription."}
    )


def test_the_browser_gets_key_worker_and_manifest(signed_in: Client, settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = "Dt1CLgQlkiaA-tmCkATyKZeoF1-Gtw1-gdEP6pOCqj4"
    assert len(signed_in.get(reverse("accounts:push-key")).json()["key"]) == 87
    worker = signed_in.get("/sw.js")
    assert worker["Content-Type"].startswith("text/javascript")
    assert signed_in.get("/manifest.webmanifest").json()["start_url"] == "/"


def test_a_name_is_saved_and_a_wrong_zone_refused(signed_in: Client, dora: User) -> None:
    url = reverse("accounts:profile")
    page = signed_in.post(url, {"name": "Dora B", "time_zone": "Mars/Base"})
    assert "Select a valid choice" in text(page)
    signed_in.post(url, {"name": "Dora B", "time_zone": "Europe/Berlin", "roles": "owner"})
    dora.refresh_from_db()
    assert (dora.name, dora.time_zone, dora.roles) == ("Dora B", "Europe/Berlin", ["basic"])


def test_my_page_costs_the_same_with_many_methods(
    signed_in: Client, dora: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        method = ContactMethod.objects.create(
            user=dora, kind="email", address=f"d{number}@example.com", verified_at=clock.now()
        )
        NotificationRule.objects.create(user=dora, urgency="high", contact_method=method)
    with django_assert_max_num_queries(7):
        signed_in.get(reverse("accounts:me"))
