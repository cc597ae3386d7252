"""People, their roles, what is kept at rest, and who may change whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import actions, audit, fields, roles
from accounts.errors import NotAllowed
from accounts.models import AuditEntry, ContactMethod, User
from accounts.roles import Role
from alertops import clock

NUMBER = "+436641234567"


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("olga@example.com", name="Olga", roles=["owner"])


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora@example.com", name="Dora")


# permission: the roles that grant it
TABLE = {
    "alerts.view_alert": {
        Role.OWNER, Role.APP_ADMIN, Role.INTEGRATIONS_ADMIN, Role.BASIC, Role.STAKEHOLDER
    },
    "alerts.change_alert": {Role.OWNER, Role.APP_ADMIN, Role.BASIC},
    "integrations.add_integration": {Role.OWNER, Role.APP_ADMIN, Role.INTEGRATIONS_ADMIN},
    "groups.change_group": {Role.OWNER, Role.APP_ADMIN},
    "accounts.change_user": {Role.OWNER, Role.APP_ADMIN},
    "accounts.view_billing": {Role.OWNER, Role.APP_ADMIN, Role.BILLING_ADMIN},
    "escalation.change_policy": {Role.OWNER, Role.APP_ADMIN},
    "sites.delete_everything": {Role.OWNER},
}  # fmt: skip


@pytest.mark.parametrize("permission", TABLE)
@pytest.mark.parametrize("role", Role)
def test_each_role_grants_what_the_table_says(role: Role, permission: str) -> None:
    assert roles.allows([role], permission) is (role in TABLE[permission])


def test_permissions_are_the_union_of_the_roles(db: None) -> None:
    both = User.objects.create_user(
        "b@example.com", name="B", roles=["stakeholder", "integrations_admin"]
    )
    assert both.has_perm("integrations.add_integration")
    assert both.has_perm("alerts.view_alert")
    assert not both.has_perm("alerts.change_alert")
    assert both.is_staff
    assert not both.is_stakeholder
    both.is_active = False
    assert not both.has_perm("alerts.view_alert")
    assert not both.is_staff


@pytest.mark.parametrize("wrong", [["emperor"], [], ["basic", "root"]])
def test_the_database_refuses_unknown_roles(dora: User, wrong: list[str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=dora.pk).update(roles=wrong)


def test_an_address_is_one_person_whatever_its_letters(dora: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("DORA@Example.com", name="Dora 2")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=dora.pk).update(email="Dora@example.com")


def raw_rows() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(m)::text FROM accounts_contactmethod m")
        return " ".join(row[0] for row in cursor.fetchall())


def test_a_stolen_database_shows_no_address(dora: User) -> None:
    ContactMethod.objects.create(user=dora, kind="sms", address=NUMBER)
    assert NUMBER not in raw_rows()
    assert ContactMethod.objects.get().address == NUMBER
    assert ContactMethod.objects.at("sms", NUMBER).exists()


def test_the_same_address_is_sealed_differently_each_time() -> None:
    assert fields.encrypt(NUMBER) != fields.encrypt(NUMBER)
    assert fields.digest(NUMBER) == fields.digest(NUMBER)


def test_keys_are_changed_without_losing_an_address(dora: User, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["first key of the house"]
    ContactMethod.objects.create(user=dora, kind="sms", address=NUMBER)
    settings.FIELD_ENCRYPTION_KEYS = ["second key", "first key of the house"]
    assert ContactMethod.objects.get().address == NUMBER
    assert ContactMethod.objects.at("sms", NUMBER).exists()
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = ["second key"]
    assert ContactMethod.objects.get().address == NUMBER
    assert ContactMethod.objects.at("sms", NUMBER).exists()


def test_a_lost_key_costs_its_addresses_and_nothing_else(dora: User, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["lost"]
    lost = ContactMethod.objects.create(user=dora, kind="sms", address=NUMBER)
    before = raw_rows()
    settings.FIELD_ENCRYPTION_KEYS = ["other"]
    found = ContactMethod.objects.get(pk=lost.pk)
    assert found.address == ""
    found.save()
    assert raw_rows() == before


def test_a_sealed_value_that_was_tampered_with_is_unreadable() -> None:
    stored = fields.encrypt(NUMBER)
    flipped = stored[:-3] + ("A" if stored[-3] != "A" else "B") + stored[-2:]
    for wrong in (flipped, stored[:-8], "v1:", "", "x", stored.replace("v1", "v9")):
        assert fields.decrypt(wrong) == ""


def test_the_audit_trail_cannot_be_rewritten(owner: User) -> None:
    audit.record("changed", owner, actor=owner, now=clock.now())
    for write in (
        lambda: AuditEntry.objects.update(verb="nothing"),
        lambda: AuditEntry.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            write()
    assert AuditEntry.objects.get().verb == "changed"


def test_the_trail_outlives_the_person(owner: User, dora: User) -> None:
    now = clock.now()
    audit.record("changed", owner, actor=dora, now=now)
    actions.delete_user(dora, actor=owner, now=now)
    assert AuditEntry.objects.filter(actor_name="Dora").exists()


def refused(work: Any) -> str:
    with pytest.raises(NotAllowed) as raised:
        work()
    return str(raised.value)


def test_only_an_owner_makes_and_changes_owners(owner: User, dora: User) -> None:
    now = clock.now()
    admin = User.objects.create_user("a@example.com", name="A", roles=["app_admin"])
    said = refused(lambda: actions.change_user(dora, actor=admin, now=now, roles=["owner"]))
    assert said == "Only an Owner makes or unmakes an Owner."
    said = refused(lambda: actions.change_user(owner, actor=admin, now=now, email="x@example.com"))
    assert said == "Only an Owner changes another Owner."
    assert "Owner" in refused(lambda: actions.delete_user(owner, actor=admin, now=now))
    actions.change_user(dora, actor=owner, now=now, roles=["owner"])


def test_the_last_owner_stays(owner: User) -> None:
    now = clock.now()
    for change in ({"roles": ["basic"]}, {"is_active": False}):
        said = refused(lambda c=change: actions.change_user(owner, actor=owner, now=now, **c))
        assert said == "This is the last Owner; make somebody else an Owner first."


def test_an_invited_person_cannot_sign_in_before_setting_a_password(owner: User) -> None:
    user = actions.invite(
        email="New@Example.com", name="New", roles=["basic"], actor=owner, now=clock.now()
    )
    assert user.email == "new@example.com"
    assert not user.has_usable_password()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"email": "nonsense"}, "Enter a valid email address."),
        ({"email": "dora@example.com"}, "Somebody already uses this e-mail address."),
        ({"name": ""}, "This field cannot be blank."),
        ({"time_zone": "Mars/Base"}, "Mars/Base is not a time zone"),
    ],
)
def test_bad_facts_about_a_person_get_one_sentence(
    owner: User, dora: User, facts: dict[str, str], sentence: str
) -> None:
    good = {"email": "n@example.com", "name": "N", "roles": ["basic"]}
    with pytest.raises(ValidationError) as raised:
        actions.invite(**(good | facts), actor=owner, now=clock.now())  # type: ignore[arg-type]
    assert len(raised.value.messages) == 1
    assert raised.value.messages[0].startswith(sentence)


def test_looking_somebody_up_by_address_costs_one_query(
    dora: User, django_assert_num_queries: Any
) -> None:
    ContactMethod.objects.create(user=dora, kind="sms", address=NUMBER, verified_at=clock.now())
    with django_assert_num_queries(1):
        [found] = ContactMethod.objects.usable().at("sms", NUMBER).select_related("user")
        assert found.user == dora


def test_tokens_are_found_only_while_they_live(dora: User) -> None:
    from accounts import tokens

    now = clock.now()
    token, raw = tokens.create(
        dora, name="CI", scopes=["read"], actor=dora, now=now, expires_at=now + timedelta(days=1)
    )
    assert tokens.find(raw, now) == token
    assert tokens.find(raw + "x", now) is None
    assert tokens.find(raw, now + timedelta(days=1)) is None
    tokens.revoke(token, actor=dora, now=now)
    assert tokens.find(raw, now) is None
