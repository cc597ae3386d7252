"""Policies in the console, and the engine's rows, which nobody edits there."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django_q.models import OrmQ, Schedule, Success

from accounts.models import AuditEntry
from alertops import clock as the_clock
from alertops.models import LoopBeat
from alerts.models import Alert
from escalation.models import Circuit, GroupPolicy, Policy
from escalation.policies import as_plan
from integrations.models import Integration
from tests import builders
from tests.escalation.conftest import browser, queries

POLICY = {
    "name": "Night shift",
    "description": "",
    "notification_type": "user",
    "repeat_rounds": "0",
    "acknowledgement_timeout_seconds": "",
}
LEVEL = {
    "id": "",
    "policy": "",
    "position": "",
    "target": "primary",
    "user": "",
    "group": "",
    "times_to_notify": "1",
    "interval_seconds": "5 min",
    "member_wait_seconds": "0 s",
    "wait_seconds": "5 min",
    "sequence": "",
}


def posted(*levels, existing=0, **policy):
    """What the browser sends: the policy and its levels."""
    data = {**POLICY, **policy}
    data |= {
        "levels-TOTAL_FORMS": str(len(levels)),
        "levels-INITIAL_FORMS": str(existing),
        "levels-MIN_NUM_FORMS": "0",
        "levels-MAX_NUM_FORMS": "1000",
    }
    for number, level in enumerate(levels):
        data |= {f"levels-{number}-{name}": value for name, value in {**LEVEL, **level}.items()}
    return data


@pytest.fixture
def console(root):
    return browser(root)


ADD = "/admin/escalation/policy/add/"


def test_a_policy_is_added_with_its_levels_and_their_channels(console):
    response = console.post(
        ADD,
        posted(
            {"sequence": "push and SMS at once, phone after 2 min"},
            {"target": "secondary", "wait_seconds": "10", "times_to_notify": "2"},
            notification_type="policy",
            acknowledgement_timeout_seconds="30 min",
        ),
    )

    assert response.status_code == 302
    plan = as_plan(Policy.objects.get(name="Night shift"))
    first, second = plan.levels
    assert [(step.kind, step.delay) for step in first.channels] == [
        ("push", 0),
        ("sms", 0),
        ("voice", 120),
    ]
    assert (second.aim.kind, second.wait, second.times) == ("secondary", 600, 2)
    assert plan.acknowledgement_timeout == 1800
    assert AuditEntry.objects.filter(verb="added the policy").exists()


def test_a_level_with_nothing_but_defaults_is_saved_too(console):
    console.post(ADD, posted({}))
    assert Policy.objects.get(name="Night shift").levels.count() == 1


def test_levels_change_places_and_channels_are_kept(console):
    policy = builders.policy(
        {"target": "primary", "channels": [("sms", 0)]}, {"target": "manager"}, name="Night shift"
    )
    one, two = policy.levels.all()
    url = reverse("admin:escalation_policy_change", args=[policy.pk])
    assert "SMS at once" in console.get(url).text
    response = console.post(
        url,
        posted(
            {"id": one.pk, "policy": policy.pk, "position": "2", "sequence": "SMS at once"},
            {"id": two.pk, "policy": policy.pk, "position": "1", "target": "manager"},
            existing=2,
        ),
    )

    assert response.status_code == 302
    plan = as_plan(Policy.objects.get(pk=policy.pk))
    assert [level.aim.kind for level in plan.levels] == ["manager", "primary"]
    assert plan.levels[1].channels[0].kind == "sms"


@pytest.mark.parametrize(
    ("levels", "policy", "sentence"),
    [
        ([], {}, "A policy needs at least one level."),
        ([{"target": "user"}], {}, "Choose it: the level is for “a named person”."),
        ([{"target": "group"}], {}, "Choose it: the level is for “another group”."),
        ([{"user": "{root}"}], {}, "Leave this empty, or choose “a named person”."),
        ([{"target": "user", "user": "999999"}], {}, "not one of the available choices"),
        (
            [{"times_to_notify": "2", "interval_seconds": "0"}],
            {},
            "Level 1: Notifying more than once needs an interval.",
        ),
        ([{"times_to_notify": "0"}], {}, "greater than or equal to 1"),
        ([{"times_to_notify": "21"}], {}, "less than or equal to 20"),
        ([{"wait_seconds": "25 h"}], {}, "Level 1: A wait is a day at most."),
        ([{"wait_seconds": "soon"}], {}, "Write a length of time"),
        ([{"sequence": "fax at once"}], {}, "“fax” is not a channel"),
        ([{"sequence": "SMS after a while"}], {}, "Write a length of time"),
        ([{"position": "99999"}], {}, "less than or equal to 1000"),
        ([{"position": "1"}, {"position": "1"}], {}, "Two levels have the same position."),
        ([{}], {"repeat_rounds": "21"}, "less than or equal to 20"),
        ([{}], {"acknowledgement_timeout_seconds": "9 s"}, "10 s to 7 days"),
        ([{}], {"acknowledgement_timeout_seconds": "8 d"}, "10 s to 7 days"),
        ([{"wait_seconds": "0"}], {"repeat_rounds": "3"}, "must wait somewhere"),
        ([{}], {"name": "Test policy"}, "There is already a policy"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(console, root, five_ten, levels, policy, sentence):
    builders.policy({"target": "primary"})
    levels = [
        {name: root.pk if value == "{root}" else value for name, value in level.items()}
        for level in levels
    ]
    response = console.post(ADD, posted(*levels, **policy))

    assert response.status_code == 200
    assert sentence in response.text
    assert not Policy.objects.filter(name="Night shift").exists()


def test_a_policy_shows_what_it_does_on_one_clock(console, five_ten):
    text = console.get(reverse("admin:escalation_policy_change", args=[five_ten.pk])).text
    for clock in ("T+0", "T+5 min", "T+15 min", "T+25 min"):
        assert clock in text
    assert "Primary of the group by their own rules" in text
    assert "Fallback: " in text


def test_the_list_says_levels_and_who_uses_each(console, payments, five_ten):
    Integration.objects.create(name="Grafana", policy=five_ten, group=payments)
    text = console.get("/admin/escalation/policy/").text

    assert "Primary → 5 min → Secondary → 10 min → Manager" in text
    assert "1 group, 1 integration" in text


def test_a_policy_in_use_cannot_be_deleted(console, payments, five_ten):
    url = reverse("admin:escalation_policy_delete", args=[five_ten.pk])
    console.post(url, {"post": "yes"})

    assert Policy.objects.filter(pk=five_ten.pk).exists()


def test_a_policy_nobody_uses_is_deleted(console, five_ten):
    console.post(reverse("admin:escalation_policy_delete", args=[five_ten.pk]), {"post": "yes"})

    assert not Policy.objects.filter(pk=five_ten.pk).exists()
    assert AuditEntry.objects.filter(verb="deleted the policy").exists()


def test_a_groups_policy_shows_whom_it_would_page_now(console, payments, clock):
    text = console.get(reverse("admin:escalation_grouppolicy_change", args=[payments.pk])).text
    assert "Alice (Primary) by SMS" in " ".join(text.split())
    assert "T+15 min" in text


def test_the_policy_is_a_tab_of_the_groups_page(console, payments, clock):
    text = console.get(reverse("admin:groups_group_change", args=[payments.pk])).text
    assert "escalation_policy-0-policy" in text
    assert "Alice (Primary) by SMS" in " ".join(text.split())


def test_a_group_without_a_policy_shows_the_default_one(console, clock):
    group = builders.group()
    text = console.get(reverse("admin:groups_group_change", args=[group.pk])).text
    assert "T+0" in text
    assert console.get("/admin/groups/group/add/").status_code == 200


def test_choosing_a_policy_for_a_group_is_audited(console, five_ten):
    group = builders.group()
    console.post("/admin/escalation/grouppolicy/add/", {"group": group.pk, "policy": five_ten.pk})

    assert GroupPolicy.objects.get(group=group).policy == five_ten
    entry = AuditEntry.objects.get(verb="chose the policy of")
    assert entry.data == {"policy": "Five, then fifteen"}


def test_who_keeps_integrations_may_look_at_policies_and_not_change_them(five_ten, clock):
    keeper = browser(builders.person("Keeper", roles=["integrations_admin"]))
    url = reverse("admin:escalation_policy_change", args=[five_ten.pk])

    assert "T+15 min" in keeper.get(url).text
    assert keeper.post(url, posted({})).status_code == 403
    assert keeper.get("/admin/escalation/notification/").status_code == 403


def test_mallory_has_no_console(mallory, five_ten):
    for path in ("/admin/escalation/policy/", "/admin/alerts/alert/"):
        assert browser(mallory).get(path).status_code == 302


# Rows of the engine

ENGINE = [
    "alerts.alert",
    "alerts.alertevent",
    "escalation.notification",
    "escalation.attempt",
    "escalation.escalation",
    "escalation.policyversion",
    "escalation.circuit",
    "django_q.schedule",
    "django_q.success",
    "django_q.failure",
    "django_q.ormq",
    "alertops.loopbeat",
]


@pytest.fixture
def rows(payments, clock):
    """At least one row of each."""
    builders.alert(payments)
    clock.forward(minutes=5)
    Circuit.objects.create(channel="sms", failures=2, changed_at=the_clock.now())
    LoopBeat.objects.create(
        name="spare", beat_at=the_clock.now(), ends_at=the_clock.now(), run_id="x", host="h", pid=1
    )
    OrmQ.objects.create(key="alertops", payload="", lock=the_clock.now())
    Success.objects.create(
        id="a" * 32,
        name="canary",
        func="f",
        started=the_clock.now(),
        stopped=the_clock.now(),
        success=True,
    )


@pytest.mark.parametrize("model", ENGINE)
def test_what_the_engine_owns_can_be_looked_at_and_not_changed(console, rows, model):
    site = admin.site._registry
    (found,) = [m for m in site if f"{m._meta.app_label}.{m._meta.model_name}" == model]
    base = f"/admin/{model.replace('.', '/')}/"

    assert console.get(base).status_code == 200
    assert console.get(f"{base}add/").status_code == 403
    row = found._default_manager.first()
    if row is None:
        return
    assert console.get(f"{base}{row.pk}/change/").status_code == 200
    assert console.post(f"{base}{row.pk}/change/", {}).status_code == 403
    assert console.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/admin/escalation/notification/?state__exact=accepted&channel=sms",
        "/admin/escalation/notification/?q=1",
        "/admin/escalation/notification/?q=alice",
        "/admin/alerts/alert/?status__exact=triggered&q=database",
        "/admin/alerts/alert/?q=99999999999999999999",
        "/admin/alerts/alertevent/?kind__exact=paged",
    ],
)
def test_the_lists_can_be_searched_and_filtered(console, rows, path):
    assert console.get(path).status_code == 200


@pytest.mark.parametrize("model", ["alerts/alert", "escalation/notification", "alerts/alertevent",
                                   "escalation/attempt", "escalation/escalation"])  # fmt: skip
def test_more_rows_cost_no_more_queries(console, rows, payments, clock, model):
    def page():
        return console.get(f"/admin/{model}/")

    page()
    few = queries(page)
    for number in range(5):
        builders.alert(payments, title=f"Alert {number}")
    clock.look()
    assert queries(page) == few


def test_more_policies_cost_no_more_queries(console, five_ten):
    def page():
        return console.get("/admin/escalation/policy/")

    page()
    few = queries(page)
    for number in range(5):
        builders.policy({"target": "primary"}, {"target": "manager"}, name=f"Policy {number}")
    assert queries(page) == few


def test_alerts_are_acknowledged_and_resolved_from_the_list(console, payments, clock, root):
    one, two = builders.alert(payments), builders.alert(payments, title="Another")
    data = {"action": "acknowledge", "_selected_action": [one.pk, two.pk]}
    console.post("/admin/alerts/alert/", data)
    assert set(Alert.objects.values_list("status", "acknowledged_by")) == {
        ("acknowledged", root.pk)
    }

    console.post("/admin/alerts/alert/", {**data, "action": "resolve"})
    assert set(Alert.objects.values_list("status", flat=True)) == {"resolved"}
    response = console.post("/admin/alerts/alert/", data, follow=True)
    assert "it cannot be acknowledged" in response.text
    assert Alert.objects.get(pk=one.pk).events.filter(data__via="console").count() == 2


def test_a_schedule_of_the_clockwork_cannot_be_deleted_from_its_list(console):
    Schedule.objects.create(name="spare", func="f", schedule_type="I", minutes=1)
    ids = list(Schedule.objects.values_list("pk", flat=True))
    data = {"action": "delete_selected", "_selected_action": ids, "post": "yes"}
    console.post("/admin/django_q/schedule/", data)

    assert Schedule.objects.count() == len(ids)
