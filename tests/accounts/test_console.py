"""The console of people and groups: who gets in, what is shown, what is refused."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, ContactMethod, User
from alertops import clock
from alerts.models import Alert
from groups.models import Group, GroupContactMethod, Member, Topic

pytestmark = pytest.mark.django_db
NUMBER = "+436641234567"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@example.com", name="Ada", roles=["app_admin"])


@pytest.fixture
def olga(db: None) -> User:
    return User.objects.create_user("olga@example.com", name="Olga", roles=["owner"])


@pytest.fixture
def console(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def plain(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text(response)).split())


MODELS = [
    "accounts_user",
    "accounts_contactmethod",
    "accounts_notificationrule",
    "accounts_apitoken",
    "accounts_auditentry",
    "groups_group",
]


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_for_admins_and_for_nobody_else(
    console: Client, mallory: User, model: str
) -> None:
    url = reverse(f"admin:{model}_changelist")
    assert console.get(url).status_code == 200
    assert console.get(url, {"q": "x"}).status_code == 200
    outsider = Client()
    outsider.force_login(mallory)
    assert outsider.get(url).status_code in {302, 403}


def form_data(prefix: str = "", **lines: Any) -> dict[str, Any]:
    return {
        f"{prefix}-TOTAL_FORMS": lines.get("total", 0),
        f"{prefix}-INITIAL_FORMS": lines.get("initial", 0),
    }


def no_lines(*prefixes: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for prefix in prefixes:
        data |= form_data(prefix)
    return data


INVITED = {"email": "New@Example.com", "name": "New", "time_zone": "UTC", "roles": ["basic"]}


def test_an_invited_person_gets_a_link_that_sets_a_password(console: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    settings.PUBLIC_URL = "http://testserver"
    answer = console.post(
        reverse("admin:accounts_user_add"), INVITED | {"is_active": "on"}, follow=True
    )
    new = User.objects.get(email="new@example.com")
    assert not new.has_usable_password()
    link = re.search(r"http://testserver(/\S+/password/reset/key/\S+?/)(?:\s|<|&)", text(answer))
    assert link, plain(answer)[:2000]
    stranger = Client()
    form = stranger.get(link[1], follow=True)
    target = form.redirect_chain[-1][0]
    password = "correct horse battery staple"
    stranger.post(target, {"password1": password, "password2": password})
    new.refresh_from_db()
    assert new.check_password(password)
    assert stranger.get(link[1], follow=True).redirect_chain == []  # good once


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "nonsense"}, "Enter a valid email address."),
        ({"email": "ada@example.com"}, "Somebody already uses this e-mail address."),
        ({"name": ""}, "This field is required."),
        ({"roles": []}, "This field is required."),
        ({"time_zone": "Mars/Base"}, "Mars/Base is not a time zone"),
        ({"roles": ["owner"]}, "Only an Owner makes or unmakes an Owner."),
    ],
)
def test_nonsense_about_a_person_is_answered_with_one_sentence(
    console: Client, change: dict[str, Any], sentence: str
) -> None:
    answer = console.post(reverse("admin:accounts_user_add"), INVITED | change, follow=True)
    assert plain(answer).count(sentence) == 1
    assert not User.objects.filter(name="New").exists()


def test_an_app_admin_does_not_touch_an_owner(console: Client, olga: User) -> None:
    facts = {"email": "x@example.com", "name": "Olga", "time_zone": "UTC", "roles": ["owner"]}
    url = reverse("admin:accounts_user_change", args=[olga.pk])
    data = facts | {"is_active": "on"} | no_lines("contact_methods", "notification_rules")
    assert "Only an Owner changes another Owner." in plain(console.post(url, data, follow=True))
    link = console.get(f"/admin/accounts/user/{olga.pk}/password-link", follow=True)
    assert "Only an Owner lets another Owner in." in plain(link)
    olga.refresh_from_db()
    assert olga.email == "olga@example.com"


def test_a_link_to_set_a_password_is_asked_for_before_it_is_made(
    console: Client, bob: User, mailoutbox: list[Any], settings: Any
) -> None:
    """Opening an address that somebody sent around sends nothing."""
    settings.EMAIL_HOST = "localhost"
    url = f"/admin/accounts/user/{bob.pk}/password-link/"
    assert "Let Bob set a new password?" in plain(console.get(url))
    assert not mailoutbox
    assert "link to set a password" in plain(console.post(url, follow=True))


def test_who_only_looks_at_people_gets_no_link_that_makes_a_password(bob: User) -> None:
    """Whoever has the link is that person."""
    keeper = User.objects.create_user("ian@example.com", name="Ian", roles=["integrations_admin"])
    client = Client()
    client.force_login(keeper)
    page = reverse("admin:accounts_user_change", args=[bob.pk])
    assert "password-link" not in text(client.get(page))
    for method in (client.get, client.post):
        answer = method(f"/admin/accounts/user/{bob.pk}/password-link/", follow=True)
        assert answer.status_code == 403
        assert "/password/reset/key/" not in text(answer)


def test_a_number_typed_by_an_admin_is_shown_masked_and_not_yet_used(
    console: Client, bob: User
) -> None:
    url = reverse("admin:accounts_user_change", args=[bob.pk])
    ContactMethod.objects.all().delete()
    facts = {"email": bob.email, "name": "Bob", "time_zone": "UTC", "roles": ["basic"]}
    data = facts | {"is_active": "on"} | no_lines("notification_rules")
    data |= form_data("contact_methods", total=1) | {
        "contact_methods-0-kind": "sms",
        "contact_methods-0-new_address": "0664",
    }
    assert "Write the number with its country code" in plain(console.post(url, data))
    console.post(url, data | {"contact_methods-0-new_address": "+43 664 1234567"})
    method = ContactMethod.objects.get(user=bob)
    assert (method.address, method.is_usable) == (NUMBER, False)
    page = text(console.get(url))
    assert "+43 ••• 4567" in page
    assert "1234567" not in page


def test_the_last_owner_stays_in_the_console_too(olga: User) -> None:
    client = Client()
    client.force_login(olga)
    url = reverse("admin:accounts_user_change", args=[olga.pk])
    facts = {"email": olga.email, "name": "Olga", "time_zone": "UTC", "roles": ["basic"]}
    data = facts | {"is_active": "on"} | no_lines("contact_methods", "notification_rules")
    assert "This is the last Owner" in plain(client.post(url, data, follow=True))
    gone = client.post(
        reverse("admin:accounts_user_delete", args=[olga.pk]), {"post": "yes"}, follow=True
    )
    assert "You cannot delete yourself." in plain(gone)


def members_data(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    data = form_data("members", total=len(rows), initial=initial)
    for number, row in enumerate(rows):
        data |= {f"members-{number}-{name}": value for name, value in row.items()}
    return data


GROUP = {"name": "Payments", "slug": "payments", "time_zone": "UTC", "visibility": "everyone"}


def test_a_group_is_made_with_members_in_their_order(
    console: Client, alice: User, bob: User
) -> None:
    data = GROUP | {"is_active": "on"} | no_lines("contact_methods", "escalation_policy")
    data |= members_data(
        {"user": alice.pk, "sequence": "", "is_primary": "on"},
        {"user": bob.pk, "sequence": "1", "is_manager": "on"},
    )
    data |= form_data("topics", total=1) | {"topics-0-name": "Checkout"}
    console.post(reverse("admin:groups_group_add"), data)
    group = Group.objects.get()
    assert list(group.members.values_list("sequence", "user__name")) == [(1, "Bob"), (2, "Alice")]
    assert Topic.objects.get().name == "checkout"
    swap = GROUP | {"is_active": "on"} | no_lines("contact_methods", "topics", "escalation_policy")
    first, second = group.members.all()
    swap |= members_data(
        {"id": first.pk, "group": group.pk, "user": bob.pk, "sequence": "2"},
        {"id": second.pk, "group": group.pk, "user": alice.pk, "sequence": "1"},
        initial=2,
    )
    url = reverse("admin:groups_group_change", args=[group.pk])
    console.post(url, swap)
    assert list(group.members.values_list("sequence", "user__name")) == [(1, "Alice"), (2, "Bob")]
    assert AuditEntry.objects.filter(subject_type="groups.group", verb__contains="members").exists()
    assert "Alice" in text(console.get(url))


def test_a_stakeholder_is_refused_in_the_console_too(console: Client) -> None:
    stella = User.objects.create_user("s@example.com", name="Stella", roles=["stakeholder"])
    data = GROUP | no_lines("contact_methods", "topics", "escalation_policy")
    data |= members_data({"user": stella.pk, "sequence": "1", "is_primary": "on"})
    answer = console.post(reverse("admin:groups_group_add"), data)
    assert "Stella is a Stakeholder and cannot be Primary" in plain(answer)
    assert not Group.objects.exists()


def test_the_same_person_twice_is_refused(console: Client, bob: User) -> None:
    data = GROUP | no_lines("contact_methods", "topics", "escalation_policy")
    row = {"user": bob.pk, "sequence": ""}
    answer = console.post(reverse("admin:groups_group_add"), data | members_data(row, row))
    assert answer.status_code == 200
    assert not Member.objects.exists()


def test_a_groups_own_address_is_added_unverified(console: Client) -> None:
    data = GROUP | members_data() | no_lines("topics", "escalation_policy")
    data |= form_data("contact_methods", total=1) | {
        "contact_methods-0-kind": "email",
        "contact_methods-0-new_address": "Team@example.com",
    }
    console.post(reverse("admin:groups_group_add"), data)
    method = GroupContactMethod.objects.get()
    assert (method.address, method.is_usable) == ("team@example.com", False)


def test_lists_cost_the_same_with_many_rows(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        user = User.objects.create_user(f"p{number}@example.com", name=f"P{number}")
        ContactMethod.objects.create(user=user, kind="email", address=user.email)
        group = Group.objects.create(name=f"G{number}", slug=f"g{number}")
        Member.objects.create(group=group, user=user, sequence=1)
    for model in MODELS:
        with django_assert_max_num_queries(9):
            console.get(reverse(f"admin:{model}_changelist"))


def test_a_token_can_be_revoked_and_not_made_in_the_console(console: Client, ada: User) -> None:
    from accounts import tokens

    token, raw = tokens.create(ada, name="CI", scopes=["read"], actor=ada, now=clock.now())
    url = reverse("admin:accounts_apitoken_changelist")
    console.post(url, {"action": "revoke", "_selected_action": [token.pk]})
    assert tokens.find(raw, clock.now()) is None
    assert console.get(reverse("admin:accounts_apitoken_add")).status_code == 403


def test_a_person_goes_with_their_numbers_unless_something_needs_them(
    console: Client, bob: User
) -> None:
    """What goes along is read-only in the console; that keeps nobody."""
    group = Group.objects.create(name="Payments", slug="payments")
    url = reverse("admin:accounts_user_delete", args=[bob.pk])
    ContactMethod.objects.create(user=bob, kind="sms", address=NUMBER, verified_at=clock.now())
    alert = Alert.objects.create(title="x", group=group, assignee=bob, status="resolved",
                                 opened_at=clock.now(), last_event_at=clock.now(),
                                 resolved_at=clock.now())  # fmt: skip
    assert "Are you sure you want to delete the person" in plain(console.get(url))
    kept = console.post(url, {"post": "yes"}, follow=True)
    assert "Bob is part of a rotation or an alert" in plain(kept)
    alert.delete()
    assert "was deleted successfully" in plain(console.post(url, {"post": "yes"}, follow=True))
    assert not User.objects.filter(pk=bob.pk).exists()


def test_a_group_in_use_says_what_to_do_instead(console: Client) -> None:
    group = Group.objects.create(name="Payments", slug="payments")
    Alert.objects.create(title="x", group=group, status="resolved", opened_at=clock.now(),
                         last_event_at=clock.now(), resolved_at=clock.now())  # fmt: skip
    url = reverse("admin:groups_group_delete", args=[group.pk])
    assert "Are you sure you want to delete the group" in plain(console.get(url))
    answer = plain(console.post(url, {"post": "yes"}, follow=True))
    assert "make it inactive instead" in answer
