"""A group's policy on its page, and the simulator."""

import pytest

from accounts.models import AuditEntry
from alerts.models import Alert
from escalation.models import GroupPolicy, Notification, PolicyVersion
from groups.models import Member
from tests import builders
from tests.escalation.conftest import browser, queries

CHOOSE = "/escalations/groups/payments/policy/"


def test_a_groups_page_shows_its_policy_and_whom_that_would_page(payments, alice, clock):
    text = browser(alice).get("/groups/payments/schedules/").text

    assert text.count("<html") == 1
    assert "Five, then fifteen" in text
    assert "Bob (Secondary) by SMS" in text
    assert "T+15 min" in text
    assert CHOOSE not in text


def test_it_is_also_a_page_by_itself(payments, alice, clock):
    assert browser(alice).get("/escalations/groups/payments/").text.count("<html") == 1


def test_who_may_edit_a_group_chooses_its_policy_there(payments, alice, clock):
    Member.objects.filter(user=alice).update(can_edit=True)
    other = builders.policy({"target": "manager"}, name="Managers")
    client = browser(alice)
    assert CHOOSE in client.get("/groups/payments/schedules/").text

    response = client.post(CHOOSE, {"policy": other.pk}, follow=True)
    assert "use “Managers”" in response.text
    assert GroupPolicy.objects.get(group=payments).policy == other
    client.post(CHOOSE, {"policy": ""})
    assert not GroupPolicy.objects.exists()
    assert AuditEntry.objects.filter(verb="chose the policy of").count() == 2


@pytest.mark.parametrize("policy", ["999999", "x", "9" * 30])
def test_a_policy_that_does_not_exist_is_refused_in_a_sentence(payments, root, policy):
    response = browser(root).post(CHOOSE, {"policy": policy}, follow=True)
    assert "There is no such policy" in response.text
    assert GroupPolicy.objects.filter(group=payments).exists()


def test_who_may_not_edit_a_group_does_not_choose_its_policy(payments, bob, mallory):
    for person in (bob, mallory):
        assert browser(person).post(CHOOSE, {"policy": ""}).status_code == 404
    assert GroupPolicy.objects.filter(group=payments).exists()


def test_the_simulator_shows_the_whole_chain(payments, alice, clock):
    query = f"group={payments.pk}&severity=critical&at=2026-03-04T10:00"
    text = browser(alice).get(f"/simulate/?{query}").text

    for words in ("T+0", "Alice", "T+5 min", "Bob", "T+15 min", "Carol", "Fallback"):
        assert words in text
    assert "10:05:00" in text


def test_the_simulator_reads_times_in_the_readers_zone(payments, alice, clock):
    alice.time_zone = "Asia/Kathmandu"
    alice.save()
    query = f"group={payments.pk}&severity=critical&at=2026-03-04T10:00"
    found = browser(alice).get(f"/simulate/?{query}").context["simulation"]

    assert found.at.isoformat() == "2026-03-04T10:00:00+05:45"


def test_before_anything_is_asked_there_is_only_the_form(payments, alice, clock):
    response = browser(alice).get("/simulate/")
    assert response.context["simulation"] is None
    assert "Choose a group" in response.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("group=", "This field is required."),
        ("group=x", "Select a valid choice."),
        ("group={group}&severity=loud", "Select a valid choice."),
        ("group={group}&severity=high&at=noon", "Write a date and a time"),
        ("group={group}&severity=high&at=1000-01-01T00:00", "between 2001 and 2199"),
        ("group={group}&severity=high&at=9999-12-31T23:59", "between 2001 and 2199"),
        ("group={group}&severity=high&policy=999999", "Select a valid choice."),
    ],
)
def test_an_alert_that_cannot_be_imagined_is_refused_in_a_sentence(
    payments, alice, clock, query, sentence
):
    response = browser(alice).get("/simulate/?" + query.format(group=payments.pk))
    assert response.status_code == 200
    assert sentence in response.text
    assert response.context["simulation"] is None


def test_simulating_writes_nothing(payments, alice, clock):
    browser(alice).get(f"/simulate/?group={payments.pk}&severity=low")
    for model in (Alert, Notification, PolicyVersion):
        assert not model.objects.exists()


def test_mallory_finds_nothing(payments, mallory, clock):
    client = browser(mallory)
    assert client.get("/escalations/groups/payments/").status_code == 404
    response = client.get(f"/simulate/?group={payments.pk}&severity=high")
    assert response.context["simulation"] is None
    assert "Payments" not in response.text


def test_more_people_cost_no_more_queries(payments, alice, clock):
    client = browser(alice)

    def page():
        return client.get(f"/simulate/?group={payments.pk}&severity=high")

    page()
    few = queries(page)
    for number in range(6):
        person = builders.person(f"Person {number}", channels=("sms", "email"))
        payments.members.create(user=person, sequence=20 + number, is_secondary=True)
    assert queries(page) == few
