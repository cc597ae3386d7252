"""The same console page in two tabs, or its button pressed twice: a sentence, never an error."""

from typing import Any

import pytest
from django.test import Client

from escalation.models import GroupPolicy, Level
from groups.models import Group, Member
from integrations.models import Integration, Service
from tests import builders

MEANWHILE = "This was changed in the meantime"


@pytest.fixture
def console(db: None) -> Client:
    client = Client()
    client.force_login(builders.person("Ada", roles=["app_admin"]))
    return client


def lines(prefix: str, *rows: dict[str, Any], before: int = 0) -> dict[str, str]:
    """What the browser sends of the lines of a page that had `before` of them when it opened."""
    data = {f"{prefix}-TOTAL_FORMS": str(before + len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": str(value) for name, value in row.items()}
    return data


@pytest.mark.django_db
def test_somebody_who_is_added_to_a_group_in_two_tabs_is_in_it_once(console: Client) -> None:
    group, bob = builders.group("Payments"), builders.person("Bob")
    url = f"/admin/groups/group/{group.pk}/change/"
    form = {"name": "Payments", "slug": "payments", "time_zone": "UTC", "visibility": "everyone",
            "is_active": "on", **lines("contact_methods"), **lines("topics"),
            **lines("escalation_policy"),
            **lines("members", {"user": bob.pk, "sequence": "", "is_primary": "on"})}  # fmt: skip

    assert MEANWHILE not in console.post(url, form, follow=True).text
    answer = console.post(url, {**form, "name": "Changed"}, follow=True)
    assert MEANWHILE in answer.text
    assert Member.objects.get(group=group).user == bob
    assert Group.objects.get(pk=group.pk).name == "Payments"


@pytest.mark.django_db(transaction=True)
def test_a_level_that_is_added_to_a_policy_in_two_tabs_is_added_once(console: Client) -> None:
    """The database looks at the positions of levels when all is saved, at the very end."""
    policy = builders.policy(name="Ours")
    level = {"target": "primary", "position": "1", "wait_seconds": "5 min", "times_to_notify": "1",
             "interval_seconds": "5 min", "member_wait_seconds": "0"}  # fmt: skip
    form = {"name": "Ours", "notification_type": "user", "repeat_rounds": "0"}
    url = f"/admin/escalation/policy/{policy.pk}/change/"

    for heard in (False, True):
        answer = console.post(url, {**form, **lines("levels", level)}, follow=True)
        assert (MEANWHILE in answer.text) == heard
    assert Level.objects.filter(policy=policy).count() == 1


@pytest.mark.django_db
def test_a_name_that_is_taken_is_refused_in_words_of_the_screen(console: Client) -> None:
    policy, group = builders.policy(name="Ours"), builders.group("Payments")
    Integration.objects.create(name="Prod", kind="generic", group=group)
    GroupPolicy.objects.create(group=group, policy=policy)
    Service.objects.create(name="Shop", group=group)
    asked = {
        "/admin/escalation/policy/add/": ({"name": "Ours"}, "There is already a policy"),
        "/admin/integrations/integration/add/": ({"name": "Prod"}, "There is already a source"),
        "/admin/escalation/grouppolicy/add/": (
            {"group": group.pk, "policy": policy.pk}, "This group has a policy already"
        ),
        "/integrations/services/new/": ({"name": "Shop"}, "There is already a service"),
    }  # fmt: skip
    for path, (form, sentence) in asked.items():
        empty = {**lines("levels"), **lines("routes"), **lines("mail_rules")}
        assert sentence in console.post(path, {**empty, **form}).text, path
