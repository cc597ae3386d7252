"""The six tabs: who sees them, who changes what, and what nonsense is answered with."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, UnsentMessage, User
from groups.models import Group, GroupContactMethod, Member, Topic
from tests.groups.conftest import signed_in

pytestmark = pytest.mark.django_db
TABS = ["group", "schedules", "contact-methods", "topics", "permissions", "settings"]


def url(name: str, *more: Any) -> str:
    return reverse(f"groups:{name}", args=["payments", *more])


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("tab", TABS)
def test_members_see_every_tab_and_editors_its_forms(edith: User, max_: User, tab: str) -> None:
    assert signed_in(max_).get(url(tab)).status_code == 200
    assert signed_in(edith).get(url(tab)).status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_mallory_finds_no_group_of_others(payments: Group, mallory: User, tab: str) -> None:
    assert signed_in(mallory).get(url(tab)).status_code == 404
    assert "Payments" not in text(signed_in(mallory).get(reverse("groups:list")))


@pytest.mark.parametrize("tab", TABS)
def test_a_group_open_to_everyone_is_seen_and_not_changed(
    payments: Group, mallory: User, max_: User, tab: str
) -> None:
    Group.objects.update(visibility="everyone")
    assert signed_in(mallory).get(url(tab)).status_code == 200
    for outsider in (mallory, max_):
        assert signed_in(outsider).post(url(tab), {}).status_code in {404, 405}


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_asks_for_a_sign_in(client: Any, payments: Group, tab: str) -> None:
    assert client.get(url(tab)).status_code == 302


def test_an_editor_adds_moves_changes_and_removes_members(
    edith: User, max_: User, mallory: User
) -> None:
    client = signed_in(edith)
    client.post(url("group"), {"user": mallory.pk, "is_secondary": "on"})
    new = Member.objects.get(user=mallory)
    assert (new.sequence, new.is_secondary, new.is_primary) == (3, True, False)
    client.post(url("move-member", new.pk, "up"))
    assert list(Member.objects.values_list("user__name", flat=True)) == ["Edith", "Mallory", "Max"]
    client.post(url("move-member", new.pk, "down"))
    client.post(url("move-member", new.pk, "down"))  # already last: nothing happens
    client.post(url("change-member", new.pk), {"is_primary": "on", "can_edit": "on"})
    new.refresh_from_db()
    assert (new.roles, new.can_edit) == (["Primary"], True)
    client.post(url("remove-member", new.pk))
    assert Member.objects.count() == 2
    assert AuditEntry.objects.filter(subject_type="groups.group").count() == 5


def test_a_stakeholder_cannot_be_put_into_a_role(edith: User, stella: User) -> None:
    page = signed_in(edith).post(url("group"), {"user": stella.pk, "is_primary": "on"})
    assert "Stella is a Stakeholder and cannot be Primary, Secondary or Manager" in text(page)
    signed_in(edith).post(url("group"), {"user": stella.pk})
    assert Member.objects.filter(user=stella).exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [({"user": ""}, "This field is required."), ({"user": "99999999"}, "Select a valid choice")],
)
def test_a_bad_new_member_is_answered_with_one_sentence(
    edith: User, data: dict[str, str], sentence: str
) -> None:
    page = text(signed_in(edith).post(url("group"), data))
    assert page.count(sentence) == 1


def test_members_of_another_group_are_not_touched(edith: User, payments: Group, bob: User) -> None:
    other = Group.objects.create(name="Search", slug="search")
    theirs = Member.objects.create(group=other, user=bob, sequence=1)
    client = signed_in(edith)
    assert client.post(url("remove-member", theirs.pk)).status_code == 404
    assert client.post(url("change-member", theirs.pk)).status_code == 404


def test_topics_are_replaced_and_tidied(edith: User) -> None:
    client = signed_in(edith)
    client.post(url("topics"), {"topics": "Database\n checkout, database \n\n"})
    assert list(Topic.objects.values_list("name", flat=True)) == ["checkout", "database"]
    page = client.post(url("topics"), {"topics": "x" * 61}, follow=True)
    assert "At most 50 topics of at most 60 letters." in text(page)


def test_visibility_and_settings_are_saved(edith: User, payments: Group) -> None:
    client = signed_in(edith)
    client.post(url("permissions"), {"visibility": "everyone"})
    client.post(url("settings"), {"name": "Pay", "description": "d", "time_zone": "Europe/Vienna"})
    payments.refresh_from_db()
    assert (payments.visibility, payments.name, payments.slug) == ("everyone", "Pay", "payments")
    assert "Edith" in text(client.get(url("settings")))


@pytest.mark.parametrize(
    ("tab", "data", "sentence"),
    [
        ("permissions", {"visibility": "nobody"}, "Select a valid choice"),
        ("settings", {"name": "", "time_zone": "UTC"}, "This field is required."),
        ("settings", {"name": "Search", "time_zone": "UTC"}, "There is already a group"),
        ("settings", {"name": "Pay", "time_zone": "Mars/Base"}, "Select a valid choice"),
    ],
)
def test_bad_settings_are_answered_with_one_sentence(
    edith: User, payments: Group, tab: str, data: dict[str, str], sentence: str
) -> None:
    Group.objects.create(name="Search", slug="search")
    page = text(signed_in(edith).post(url(tab), data))
    assert page.count(sentence) == 1
    payments.refresh_from_db()
    assert payments.name == "Payments"


def test_the_groups_own_address_is_verified_by_code(edith: User, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    client = signed_in(edith)
    client.post(url("add-contact-method", "email"), {"address": "team@example.com"})
    method = GroupContactMethod.objects.get()
    assert not GroupContactMethod.objects.usable().exists()
    code = UnsentMessage.objects.get().text[:6]
    page = client.post(url("verify", method.pk), {"code": "x"}, follow=True)
    assert "not the code" in text(page)
    client.post(url("verify", method.pk), {"code": code})
    assert GroupContactMethod.objects.usable().get() == method
    assert "t•••@example.com" in text(client.get(url("contact-methods")))
    client.post(url("remove-contact", method.pk))
    assert not GroupContactMethod.objects.exists()


def test_only_administrators_make_groups(ada: User, bob: User) -> None:
    assert signed_in(bob).get(reverse("groups:add")).status_code == 404
    data = {"name": "Ünder Güard", "time_zone": "UTC"}
    signed_in(ada).post(reverse("groups:add"), data)
    assert Group.objects.get().slug == "under-guard"
    signed_in(ada).post(reverse("groups:add"), {"name": "日本", "time_zone": "UTC"})
    assert Group.objects.filter(slug="group").exists()


def test_the_list_is_searched_by_name_and_topic(edith: User, payments: Group) -> None:
    Topic.objects.create(group=payments, name="checkout")
    for wanted in ("pay", "CHECKOUT"):
        assert "Payments" in text(
            signed_in(edith).get(reverse("groups:list"), {"q": wanted, "page": "x"})
        )


def test_pages_cost_the_same_with_many_rows(
    payments: Group, ada: User, django_assert_max_num_queries: Any
) -> None:
    people = [User.objects.create_user(f"p{n}@example.com", name=f"P{n}") for n in range(30)]
    Member.objects.bulk_create(
        Member(group=payments, user=user, sequence=n) for n, user in enumerate(people, start=1)
    )
    for number in range(20):
        other = Group.objects.create(name=f"G{number}", slug=f"g{number}")
        Topic.objects.create(group=other, name=f"t{number}")
    client = signed_in(ada)
    with django_assert_max_num_queries(7):
        client.get(reverse("groups:list"))
    with django_assert_max_num_queries(25):
        client.get(url("group"))
