"""Notifications, policies and the simulator for programs."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from alerts.models import Alert, AlertEvent
from escalation.models import Escalation, GroupPolicy, Notification, Policy, PolicyVersion
from groups.models import Member
from schedules.models import Override, Schedule
from tests import builders
from tests.escalation.conftest import browser, queries

JSON = "application/json"


def api(user, method, path, body=None):
    call = getattr(browser(user), method)
    return (
        call(f"/api/v1/{path}", body, content_type=JSON)
        if body is not None
        else call(f"/api/v1/{path}")
    )


BODY = {
    "name": "Night shift",
    "notification_type": "policy",
    "repeat_rounds": 1,
    "levels": [
        {
            "target": "primary",
            "wait_seconds": 300,
            "channels": [
                {"channel": "sms"},
                {"channel": "voice", "delay_seconds": 120},
            ],
        },
        {"target": "manager", "times_to_notify": 2, "interval_seconds": 60},
    ],
}


# Notifications


def test_it_says_who_was_told_how_and_with_what_result(payments, alice, clock):
    alert = builders.alert(payments)
    clock.forward(minutes=5)

    answer = api(alice, "get", f"alerts/{alert.pk}/notifications/").json()
    first, second = answer["results"]
    assert (first["person"], first["channel"], first["state"], first["level"]) == (
        "alice@example.com", "sms", "accepted", 0,
    )  # fmt: skip
    assert (second["name"], second["level"], second["is_local"]) == ("Bob", 1, True)
    assert alice.contact_methods.get().address not in str(answer)
    assert answer["next"] is None


def test_notifications_are_paged_and_cost_the_same_however_many(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()

    def page():
        return api(alice, "get", f"alerts/{alert.pk}/notifications/?limit=2")

    page()
    few = queries(page)
    clock.forward(minutes=15)
    assert queries(page) == few
    answer = page().json()
    assert len(answer["results"]) == 2
    rest = browser(alice).get("/api/v1/" + answer["next"].partition("/api/v1/")[2]).json()
    assert len(rest["results"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "after=-1", "after=1e3"])
def test_paging_that_makes_no_sense_is_refused_in_a_sentence(payments, alice, clock, query):
    alert = builders.alert(payments)
    response = api(alice, "get", f"alerts/{alert.pk}/notifications/?{query}")
    assert response.status_code == 400
    assert "is a number from" in response.json()["error"]


# Policies


def test_a_policy_is_made_read_changed_and_deleted(root):
    made = api(root, "post", "policies/", BODY)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert shown["levels"][0]["channels"] == [
        {"channel": "sms", "delay_seconds": 0},
        {"channel": "voice", "delay_seconds": 120},
    ]
    assert shown["preview"][:2] == [
        "T+0 Primary of the group by SMS, by phone after 2 min",
        "T+5 min Manager of the group by their own rules (2 times, 1 min apart)",
    ]
    path = f"policies/{shown['id']}/"
    assert api(root, "get", path).json() == shown
    assert shown in api(root, "get", "policies/?limit=500").json()["results"]

    changed = api(root, "patch", path, {"repeat_rounds": 3}).json()
    assert changed == {**shown, "repeat_rounds": 3, "preview": changed["preview"]}
    levels = [{"target": "everyone"}]
    assert len(api(root, "patch", path, {"levels": levels}).json()["levels"]) == 1
    assert api(root, "put", path, BODY).json()["levels"] == shown["levels"]

    assert api(root, "delete", path).status_code == 204
    assert not Policy.objects.filter(name="Night shift").exists()
    assert AuditEntry.objects.filter(verb="deleted the policy").count() == 1


def test_a_level_may_name_a_person_or_another_group(root, alice):
    builders.group("Database")
    levels = [
        {"target": "user", "user": "alice@example.com"},
        {"target": "group", "group": "database"},
    ]
    shown = api(root, "post", "policies/", {**BODY, "levels": levels}).json()

    assert [level["user"] for level in shown["levels"]] == ["alice@example.com", None]
    assert [level["group"] for level in shown["levels"]] == [None, "database"]
    assert "On call in Database" in shown["preview"][1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"levels": []}, "levels"),
        ({"levels": None}, "levels"),
        ({"levels": "primary"}, "levels"),
        ({"levels": [{"target": "nobody"}]}, "is not a valid choice"),
        ({"levels": [{}]}, "target: This field is required."),
        ({"levels": [{"target": "user"}]}, "Name one for the target 'user'"),
        ({"levels": [{"target": "primary", "user": "root@example.com"}]}, "Name one for"),
        ({"levels": [{"target": "user", "user": "ghost@example.com"}]}, "There is no person"),
        ({"levels": [{"target": "primary", "wait_seconds": 86401}]}, "86400"),
        ({"levels": [{"target": "primary", "wait_seconds": -1}]}, "greater than or equal to 0"),
        ({"levels": [{"target": "primary", "times_to_notify": 0}]}, "equal to 1"),
        (
            {"levels": [{"target": "primary", "times_to_notify": 2, "interval_seconds": 0}]},
            "Level 1: notifying more than once needs an interval.",
        ),
        ({"levels": [{"target": "primary", "channels": [{"channel": "fax"}]}]}, "valid choice"),
        (
            {"levels": [{"target": "primary", "channels": [{"channel": "sms"}] * 2}]},
            "used twice after the same delay",
        ),
        ({"levels": [{"target": "primary", "wait_seconds": 0}]}, "must wait somewhere"),
        ({"levels": [{"target": "primary"}] * 21}, "levels"),
        ({"repeat_rounds": 21}, "repeat_rounds"),
        ({"acknowledgement_timeout_seconds": 9}, "acknowledgement_timeout_seconds"),
        ({"notification_type": "loud"}, "notification_type"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Five, then fifteen"}, "already exists"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(root, five_ten, change, sentence):
    response = api(root, "post", "policies/", {**BODY, **change})

    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert sentence in response.json()["error"]
    assert not Policy.objects.filter(name="Night shift").exists()


@pytest.mark.parametrize("body", ["[]", "null", "{", '"x"', "3"])
def test_a_body_that_is_no_object_is_refused(root, body):
    response = browser(root).post("/api/v1/policies/", body, content_type=JSON)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize(
    "levels", [[{}], [{"target": "primary", "channels": [{}]}], [{"user": "root@example.com"}]]
)
def test_a_level_is_never_half_of_one_even_in_a_change(root, five_ten, levels):
    response = api(root, "patch", f"policies/{five_ten.pk}/", {"levels": levels})
    assert response.status_code == 400
    assert "This field is required." in response.json()["error"]
    assert five_ten.levels.count() == 3


def test_a_policy_in_use_is_not_deleted(root, payments, five_ten):
    response = api(root, "delete", f"policies/{five_ten.pk}/")
    assert response.status_code == 409
    assert "used by 1 group" in response.json()["error"]


def test_only_administrators_change_policies(payments, alice, five_ten):
    Member.objects.filter(user=alice).update(can_edit=True)
    assert api(alice, "get", f"policies/{five_ten.pk}/").status_code == 200
    for method, body in (("put", BODY), ("patch", {"name": "x"}), ("delete", None)):
        response = api(alice, method, f"policies/{five_ten.pk}/", body)
        assert response.status_code == 403
        assert response.json()["error"] == "Only an Owner or App Admin may do this."
    assert api(alice, "post", "policies/", BODY).status_code == 403


def test_more_policies_cost_no_more_queries(root, five_ten):
    def page():
        return api(root, "get", "policies/?limit=500")

    builders.policy({"target": "user", "user": root}, name="Root first")
    page()
    few = queries(page)
    for number in range(5):
        builders.policy(
            {"target": "primary", "channels": [("sms", 0)]},
            {"target": "user", "user": root},
            name=f"Policy {number}",
        )
    assert queries(page) == few


def test_a_policy_changed_through_the_api_leaves_running_escalations_alone(
    root, payments, five_ten, clock, phones
):
    builders.alert(payments)
    clock.look()
    phones.take()
    api(root, "patch", f"policies/{five_ten.pk}/", {"levels": [{"target": "manager"}]})
    clock.forward(minutes=5)
    assert phones.take() == ["bob"]


# The policy of a group


def test_a_group_says_which_policy_it_uses_and_whom_that_pages(payments, alice, five_ten, clock):
    assert api(alice, "get", "groups/payments/policy/").json() == {
        "group": "payments",
        "policy": five_ten.pk,
        "name": "Five, then fifteen",
        "chosen_by": "group",
        "preview": [
            "T+0 Alice (Primary) by SMS",
            "T+5 min Bob (Secondary) by SMS",
            "T+15 min Carol (Manager) by SMS",
            "T+25 min Fallback: the group's Managers by SMS",
        ],
    }


def test_who_may_edit_a_group_chooses_its_policy(payments, alice, clock):
    Member.objects.filter(user=alice).update(can_edit=True)
    other = builders.policy({"target": "manager"}, name="Managers")
    answer = api(alice, "put", "groups/payments/policy/", {"policy": other.pk}).json()
    assert (answer["name"], answer["preview"][0]) == ("Managers", "T+0 Carol (Manager) by SMS")

    answer = api(alice, "put", "groups/payments/policy/", {"policy": None}).json()
    assert (answer["policy"], answer["chosen_by"]) == (None, "default")
    assert not GroupPolicy.objects.filter(group=payments).exists()


def test_who_may_not_edit_a_group_does_not_choose_its_policy(payments, bob, five_ten):
    response = api(bob, "put", "groups/payments/policy/", {"policy": None})
    assert response.status_code == 403
    assert GroupPolicy.objects.get(group=payments).policy == five_ten


@pytest.mark.parametrize("body", [{}, {"policy": 999_999}, {"policy": "x"}, {"policy": 10**30}])
def test_a_policy_that_does_not_exist_cannot_be_chosen(payments, root, body):
    response = api(root, "put", "groups/payments/policy/", body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("policy: ")


# The simulator


def simulate(user, **body):
    return api(user, "post", "simulate/", body)


def steps(response):
    return [(step["clock"], step["kind"], step["text"]) for step in response.json()["steps"]]


def test_it_lays_out_the_whole_chain(payments, alice, five_ten, clock):
    response = simulate(alice, group="payments", at="2026-03-02T09:00:00Z")

    assert steps(response) == [
        ("T+0", "notify", "Alice (Primary) by SMS"),
        ("T+5 min", "notify", "Bob (Secondary) by SMS"),
        ("T+15 min", "notify", "Carol (Manager) by SMS"),
        ("T+25 min", "fallback", "Fallback: the group's Managers by SMS"),
    ]
    answer = response.json()
    assert (answer["policy"], answer["chosen_by"], answer["is_cut"]) == (
        five_ten.pk,
        "group",
        False,
    )
    assert answer["steps"][1]["at"] == "2026-03-02T09:05:00Z"
    assert answer["steps"][0]["people"] == [
        {"id": alice.pk, "name": "Alice", "channels": [{"channel": "sms", "delay_seconds": 0}]}
    ]


def test_it_asks_who_is_on_call_when_each_level_would_fire(payments, alice, carol, clock):
    dora = builders.person("Dora")
    payments.members.create(user=dora, sequence=9)
    schedule = Schedule.objects.create(group=payments, name="Rota", is_active=True)
    at = clock.now() + timedelta(days=3)
    Override.objects.create(
        schedule=schedule, role="secondary", user=dora,
        starts_at=at + timedelta(minutes=5), ends_at=at + timedelta(hours=1),
    )  # fmt: skip

    found = steps(simulate(alice, group="payments", at=at.isoformat()))
    assert found[1] == ("T+5 min", "notify", "Dora (Secondary) by SMS")


def test_low_severity_uses_the_quiet_rules(payments, alice, clock):
    alice.notification_rules.filter(urgency="low").delete()
    mail = builders.contact(alice, "email", rule=False)
    alice.notification_rules.create(urgency="low", contact_method=mail, delay_seconds=0)

    found = steps(simulate(alice, group="payments", severity="low"))
    assert found[0] == ("T+0", "notify", "Alice (Primary) by e-mail")


def test_empty_levels_are_skipped_and_say_who_was_left_out(payments, alice, bob, clock):
    bob.contact_methods.all().delete()
    left_out = "Bob is left out: no verified contact method"
    found = steps(simulate(alice, group="payments"))
    assert found[1] == (
        "T+5 min",
        "skipped",
        f"Secondary of the group: nobody, skipped at once; {left_out}",
    )
    assert found[2] == ("T+5 min", "notify", "Carol (Manager) by SMS")


def test_another_policy_can_be_tried_as_an_integration_would_name_it(payments, root, clock):
    other = builders.policy({"target": "manager", "times_to_notify": 2}, name="Managers")
    response = simulate(root, group="payments", policy=other.pk)

    assert response.json()["chosen_by"] == "integration"
    assert [step[2] for step in steps(response)][:2] == [
        "Carol (Manager) by SMS",
        "Carol (Manager) by SMS (notification 2 of 2)",
    ]


def test_what_it_says_is_what_happens(payments, alice, clock, phones):
    promised = simulate(alice, group="payments").json()["steps"]
    builders.alert(payments)
    begun = clock.now()
    for step in promised[:3]:
        clock.forward(seconds=step["offset_seconds"] - (clock.now() - begun).total_seconds())
        assert phones.take() == [person["name"].lower() for person in step["people"]]


def test_simulating_writes_nothing(payments, alice, clock):
    before = [model.objects.count() for model in (PolicyVersion, AuditEntry)]
    simulate(alice, group="payments")
    for model in (Alert, AlertEvent, Escalation, Notification):
        assert not model.objects.exists()
    assert [model.objects.count() for model in (PolicyVersion, AuditEntry)] == before


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "group: This field is required."),
        ({"group": "nowhere"}, "There is no group 'nowhere' that you can see."),
        ({"group": "payments", "severity": "loud"}, "severity"),
        ({"group": "payments", "at": "noon"}, "Write an instant with its zone"),
        ({"group": "payments", "at": "2026-03-02T09:00:00"}, "Write an instant with its zone"),
        ({"group": "payments", "at": "0001-01-01T00:00:00+14:00"}, "between 2001 and 2199"),
        ({"group": "payments", "at": ["x"]}, "Write an instant with its zone"),
        ({"group": "payments", "policy": 999_999}, "policy"),
        ({"group": {"a": 1}}, "There is no group"),
    ],
)
def test_an_alert_that_cannot_be_imagined_is_refused_in_a_sentence(payments, alice, body, sentence):
    response = api(alice, "post", "simulate/", body)
    assert response.status_code == 400
    assert sentence in response.json()["error"]


def test_more_people_and_steps_cost_no_more_queries(payments, alice, root, clock):
    def chain():
        return simulate(root, group="payments")

    chain()
    few = queries(chain)
    for number in range(8):
        person = builders.person(f"Person {number}", channels=("sms", "email"))
        payments.members.create(user=person, sequence=20 + number, is_secondary=True)
    payments.escalation_policy.policy.levels.update(times_to_notify=5)
    assert queries(chain) == few


# Mallory


def test_mallory_finds_nothing(payments, mallory, five_ten, clock):
    alert = builders.alert(payments)
    for path in (
        f"alerts/{alert.pk}/notifications/",
        f"policies/{five_ten.pk}/",
        "groups/payments/policy/",
    ):
        assert api(mallory, "get", path).status_code == 404
    assert api(mallory, "get", "policies/").json()["results"] == []
    assert api(mallory, "put", "groups/payments/policy/", {"policy": None}).status_code == 404
    assert simulate(mallory, group="payments").status_code == 400


def test_a_policy_does_not_tell_mallory_the_name_of_a_group_out_of_her_sight(mallory, payments):
    policy = builders.policy({"target": "group", "group": payments}, name="Hand over")
    builders.group("Open", policy=policy)

    answer = api(mallory, "get", f"policies/{policy.pk}/").json()
    assert answer["levels"][0]["group"] is None
    assert "ayments" not in str(answer)


def test_who_does_not_sign_in_learns_nothing(client, payments):
    for path in ("policies/", "groups/payments/policy/", "simulate/"):
        assert client.get(f"/api/v1/{path}").status_code == 401
