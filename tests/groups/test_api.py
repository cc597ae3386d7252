"""People, groups and members through the API: scopes, sentences, and nothing for mallory."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ContactMethod, NotificationRule, UnsentMessage, User
from alertops import clock
from groups.models import Group, Member
from tests.groups.conftest import bearer, signed_in

pytestmark = pytest.mark.django_db
GROUP = "/api/v1/groups/payments/"


def call(client: Client, method: str, path: str, data: Any = None) -> Any:
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, json.dumps(data or {}), content_type="application/json")


def error(answer: Any) -> str:
    body = answer.json()
    assert list(body) == ["error"], body
    return str(body["error"])


READABLE = ["/api/v1/groups/", GROUP, f"{GROUP}members/", f"{GROUP}contact-methods/"]


@pytest.mark.parametrize("path", READABLE)
def test_without_a_token_there_is_nothing(payments: Group, path: str) -> None:
    for client in (Client(), Client(headers={"Authorization": "Bearer nonsense"})):
        answer = client.get(path)
        assert answer.status_code == 401
        assert error(answer)


@pytest.mark.parametrize("path", READABLE[1:])
def test_mallory_gets_404(payments: Group, mallory: User, path: str) -> None:
    client = bearer(mallory)
    assert client.get(path).status_code == 404
    assert call(client, "post", path).status_code in {404, 405}
    assert "Payments" not in client.get("/api/v1/groups/").content.decode()


def test_a_member_reads_and_does_not_change(max_: User, payments: Group, bob: User) -> None:
    client = bearer(max_, "read", "write")
    assert client.get(GROUP).json()["name"] == "Payments"
    said = "Only those who may edit this group change it."
    for answer in (
        call(client, "patch", GROUP, {"name": "Mine"}),
        call(client, "delete", GROUP),
        call(client, "post", f"{GROUP}members/", {"user": bob.pk}),
        call(client, "post", f"{GROUP}members/order/", {"members": []}),
        call(client, "post", f"{GROUP}contact-methods/", {"kind": "email", "address": "a@b.org"}),
    ):
        assert answer.status_code == 409
        assert error(answer) == said


def test_a_token_does_no_more_than_its_scope(edith: User) -> None:
    client = bearer(edith, "read")
    answer = call(client, "patch", GROUP, {"name": "x"})
    assert answer.status_code == 403
    assert error(answer) == "This token lacks the scope write."


def test_a_stakeholder_only_reads(payments: Group, stella: User) -> None:
    Group.objects.update(visibility="everyone")
    assert bearer(stella).get(GROUP).status_code == 200
    answer = call(bearer(stella), "patch", GROUP, {"name": "x"})
    assert error(answer) == "A Stakeholder may look, and change nothing."


def test_an_editor_keeps_the_members(edith: User, max_: User, bob: User) -> None:
    client = bearer(edith)
    made = call(client, "post", f"{GROUP}members/", {"user": bob.pk, "is_primary": True})
    assert (made.status_code, made.json()["sequence"]) == (201, 3)
    path = f"{GROUP}members/{made.json()['id']}/"
    changed = call(client, "patch", path, {"is_manager": True}).json()
    assert (changed["is_primary"], changed["is_manager"]) == (True, True)
    ids = list(Member.objects.values_list("pk", flat=True))
    order = call(client, "post", f"{GROUP}members/order/", {"members": ids[::-1]}).json()
    assert [m["name"] for m in order] == ["Bob", "Max", "Edith"]
    assert call(client, "delete", path).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("post", "members/", {}, 400),
        ("post", "members/", {"user": 10**12}, 400),
        ("post", "members/", {"user": "x"}, 400),
        ("post", "members/order/", {"members": [1]}, 409),
        ("post", "members/order/", {"members": "x"}, 400),
        ("patch", "", {"visibility": "nobody"}, 400),
        ("patch", "", {"time_zone": "Mars/Base"}, 400),
        ("patch", "", {"slug": "no slug"}, 400),
        ("patch", "", {"topics": ["x" * 61]}, 400),
        ("patch", "", {"name": ""}, 400),
        ("post", "contact-methods/", {"kind": "pigeon", "address": "x"}, 400),
        ("post", "contact-methods/", {"kind": "sms", "address": "0664"}, 400),
        ("post", "contact-methods/", {"kind": "push", "address": "{}"}, 409),
    ],
)
def test_nonsense_is_answered_with_one_sentence(
    edith: User, method: str, path: str, data: Any, status: int
) -> None:
    answer = call(bearer(edith), method, GROUP + path, data)
    assert answer.status_code == status
    assert error(answer)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"x"', b"[" * 5000])
def test_a_broken_body_is_no_server_error(edith: User, body: bytes) -> None:
    answer = bearer(edith).post(f"{GROUP}members/", body, content_type="application/json")
    assert answer.status_code == 400
    assert error(answer)


def test_a_stakeholder_is_refused_by_name(edith: User, stella: User) -> None:
    answer = call(
        bearer(edith), "post", f"{GROUP}members/", {"user": stella.pk, "is_primary": True}
    )
    assert answer.status_code == 400
    assert "Stella is a Stakeholder" in error(answer)


def test_an_administrator_makes_groups_with_topics(ada: User) -> None:
    client = bearer(ada)
    made = call(client, "post", "/api/v1/groups/", {"name": "Search", "topics": ["B", "a"]})
    assert made.status_code == 201
    assert (made.json()["slug"], made.json()["topics"]) == ("search", ["a", "b"])
    assert call(client, "delete", "/api/v1/groups/search/").status_code == 204


def test_people_are_for_administrators(ada: User, bob: User) -> None:
    assert bearer(bob).get("/api/v1/users/").status_code == 403
    assert bearer(bob).get("/api/v1/users/me/").json()["name"] == "Bob"
    listed = bearer(ada, "admin").get("/api/v1/users/").json()["results"]
    assert {u["name"] for u in listed} == {"Ada", "Bob"}


def test_administering_people_needs_the_admin_scope(ada: User, bob: User) -> None:
    new = {"email": "New@example.com", "name": "New", "roles": ["basic"]}
    assert call(bearer(ada, "write"), "post", "/api/v1/users/", new).status_code == 403
    client = bearer(ada, "admin")
    made = call(client, "post", "/api/v1/users/", new)
    assert (made.status_code, made.json()["email"]) == (201, "new@example.com")
    path = f"/api/v1/users/{made.json()['id']}/"
    assert call(client, "patch", path, {"is_active": False}).json()["is_active"] is False
    assert call(client, "patch", path, {"roles": ["owner"]}).status_code == 409
    assert call(client, "patch", path, {"roles": []}).status_code == 400
    assert call(client, "patch", path, {"email": "other@example.com"}).status_code == 400
    assert call(client, "delete", path).status_code == 204


def test_my_contact_methods_come_out_masked(bob: User, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    client, path = bearer(bob), "/api/v1/contact-methods/"
    ContactMethod.objects.all().delete()
    made = call(client, "post", path, {"kind": "sms", "address": "+43 664 1234567"})
    assert made.status_code == 201
    assert made.json()["address"] == "+43 ••• 4567"
    mine = f"{path}{made.json()['id']}/"
    assert call(client, "post", f"{mine}code/").json()["sent"] is False
    code = UnsentMessage.objects.get().text[:6]
    assert call(client, "post", f"{mine}verify/", {"code": "000000x"}).status_code == 409
    assert call(client, "post", f"{mine}verify/", {"code": code}).json()["verified_at"]
    rules = client.get("/api/v1/notification-rules/").json()
    assert rules == {
        "high": [{"contact_method": made.json()["id"], "delay_seconds": 0}],
        "low": [],
    }


def test_rules_are_replaced_set_by_set(bob: User, alice: User) -> None:
    client, path = bearer(bob), "/api/v1/notification-rules/"
    mine, hers = bob.contact_methods.get(), alice.contact_methods.get()
    answer = call(client, "put", path, {"low": [{"contact_method": mine.pk, "delay_seconds": 60}]})
    assert answer.json()["low"] == [{"contact_method": mine.pk, "delay_seconds": 60}]
    assert NotificationRule.objects.filter(user=bob, urgency="high").count() == 1
    answer = call(client, "put", path, {"low": [{"contact_method": hers.pk}]})
    assert answer.status_code == 409
    assert error(answer) == "A rule uses a contact method that is not on the list."


def test_mallory_finds_no_contact_method_of_others(mallory: User, alice: User) -> None:
    method = alice.contact_methods.get()
    path = f"/api/v1/contact-methods/{method.pk}/"
    for client in (bearer(mallory), signed_in(mallory)):
        for verb, more in [("get", ""), ("patch", ""), ("delete", ""), ("post", "code/")]:
            assert call(client, verb, path + more).status_code == 404
    answer = call(
        bearer(mallory),
        "post",
        "/api/v1/contact-methods/",
        {"kind": "email", "address": "m@example.com", "user": alice.pk},
    )
    assert answer.status_code == 400


def test_an_administrators_number_for_somebody_is_still_to_be_verified(
    ada: User, alice: User
) -> None:
    made = call(
        bearer(ada, "admin"),
        "post",
        "/api/v1/contact-methods/",
        {"kind": "sms", "address": "+436641234567", "user": alice.pk},
    )
    assert made.json()["verified_at"] is None
    path = f"/api/v1/contact-methods/{made.json()['id']}/"
    assert call(bearer(ada), "post", f"{path}code/").status_code == 404


def test_lists_cost_the_same_with_many_rows(
    ada: User, payments: Group, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        user = User.objects.create_user(f"p{number}@example.com", name=f"P{number}")
        Member.objects.create(group=payments, user=user, sequence=number + 1)
        ContactMethod.objects.create(user=user, kind="email", address=f"p{number}@example.com")
        Group.objects.create(name=f"G{number}", slug=f"g{number}")
    client = bearer(ada, "admin")
    client.get("/api/v1/users/me/")
    for path in ("users/", "groups/", "groups/payments/members/", "contact-methods/"):
        with django_assert_max_num_queries(6):
            assert len(client.get(f"/api/v1/{path}").json()["results"]) >= 20


def test_using_a_token_is_noted_once_a_minute(bob: User) -> None:
    client = bearer(bob)
    client.get("/api/v1/users/me/")
    token = bob.api_tokens.get()
    assert token.last_used_at is not None
    assert token.last_used_at <= clock.now()
