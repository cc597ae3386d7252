"""The buttons: one alert, several, a new one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from alertops import clock
from alerts import actions
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Status, Verb, verbs_from
from groups.models import Group
from tests import builders
from tests.alerts.conftest import NOON, browser

pytestmark = pytest.mark.django_db

BODIES = {Verb.SNOOZE: {"minutes": "60"}, Verb.NOTE: {"note": "Looking"}}


def body_of(verb, person):
    return {"person": person.pk} if verb == Verb.ASSIGN else BODIES.get(verb, {})


def press(user, alert, verb, **body):
    path = f"/alerts/{alert.pk}/{verb.value}/"
    return browser(user).post(path, body or body_of(verb, user), follow=True)


def set_status(alert, status, actor):
    verbs = {Status.ACKNOWLEDGED: [Verb.ACKNOWLEDGE], Status.RESOLVED: [Verb.RESOLVE]}
    for verb in verbs.get(status, []):
        actions.apply(verb, alert.pk, actions.Move(actor=actor, now=clock.now()))
    alert.refresh_from_db()


def test_acknowledging_makes_it_mine_and_says_nobody_else_is_paged(alice, alert):
    response = press(alice, alert, Verb.ACKNOWLEDGE)

    alert.refresh_from_db()
    assert (alert.status, alert.assignee) == (Status.ACKNOWLEDGED, alice)
    assert "Nobody else will be paged" in response.text
    event = AlertEvent.objects.get(kind=Kind.ACKNOWLEDGED)
    assert (event.actor, event.data["via"]) == (alice, "page")


def test_a_second_acknowledgement_says_who_was_first(alice, bob, alert):
    press(alice, alert, Verb.ACKNOWLEDGE)

    assert "already acknowledged by Alice" in press(bob, alert, Verb.ACKNOWLEDGE).text
    alert.refresh_from_db()
    assert alert.acknowledged_by == alice


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("verb", list(Verb))
def test_a_verb_that_is_not_allowed_says_so_and_changes_nothing(alice, bob, alert, status, verb):
    set_status(alert, status, alice)
    before = Alert.objects.values().get(pk=alert.pk)

    response = press(alice, alert, verb, **body_of(verb, bob))

    assert response.status_code == 200
    [message] = response.context["messages"]
    if verb not in verbs_from(status) and message.level_tag == "error":
        assert "cannot be" in str(message)
        assert Alert.objects.values().get(pk=alert.pk) == before
    else:
        assert message.level_tag == "success"


def test_mallory_cannot_press_a_button_of_an_alert_she_may_not_see(mallory, alert):
    for verb in Verb:
        assert press(mallory, alert, verb).status_code == 404
    browser(mallory).post("/alerts/bulk/", {"alert": [alert.pk], "verb": "resolve"})
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_stakeholder_may_not_answer(stan, payments, alert):
    Group.objects.update(visibility="everyone")
    for verb in Verb:
        assert press(stan, alert, verb).status_code == 403
    assert browser(stan).get("/alerts/new/").status_code == 403
    assert Alert.objects.get().status == Status.TRIGGERED


def test_looking_at_a_button_does_not_press_it(alice, alert):
    for verb in Verb:
        assert browser(alice).get(f"/alerts/{alert.pk}/{verb.value}/").status_code == 405
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_form_of_a_stranger_is_refused(alice, alert):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post(f"/alerts/{alert.pk}/acknowledge/").status_code == 403
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_verb_nobody_knows_is_not_found(alice, alert):
    assert browser(alice).post(f"/alerts/{alert.pk}/explode/").status_code == 404


@pytest.mark.parametrize(
    ("verb", "body", "sentence"),
    [
        (Verb.ASSIGN, {"person": ""}, "Choose a person to assign this alert to."),
        (Verb.ASSIGN, {"person": "999999"}, "This person cannot be given the alert"),
        (Verb.ASSIGN, {"person": "x' OR 1=1"}, "This person cannot be given the alert"),
        (Verb.SNOOZE, {"minutes": ""}, "Choose how long to snooze this alert."),
        (Verb.SNOOZE, {"minutes": "-5"}, "Choose one of the lengths of time on the list."),
        (Verb.NOTE, {"note": "  "}, "Write something first."),
        (Verb.NOTE, {"note": "x" * 5001}, "at most 5000 characters"),
        (Verb.NOTE, {"note": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_nonsense_is_answered_with_one_sentence(alice, alert, verb, body, sentence):
    response = press(alice, alert, verb, **body)

    [message] = response.context["messages"]
    assert sentence in str(message)
    assert AlertEvent.objects.count() == 1


def test_assigning_needs_somebody_who_can_be_paged(alice, payments, alert):
    mute = builders.person("Mute", channels=())

    response = press(alice, alert, Verb.ASSIGN, person=mute.pk)

    assert "This person cannot be given the alert" in response.text
    assert mute.email not in browser(alice).get(f"/alerts/{alert.pk}/").text


def test_assigning_to_somebody_who_may_not_see_it_is_refused(alice, mallory, alert):
    response = press(alice, alert, Verb.ASSIGN, person=mallory.pk)

    assert "This person cannot be given the alert" in response.text
    assert mallory.email not in response.text
    assert Alert.objects.get().assignee is None


def test_the_people_of_the_group_stand_first(alice, bob, mallory, alert):
    Group.objects.update(visibility="everyone")

    choices = list(browser(alice).get(f"/alerts/{alert.pk}/").context["assign_form"]["person"])

    assert [str(c.data["label"]).split()[0] for c in choices] == [
        "Choose",
        "Alice",
        "Bob",
        "Mallory",
    ]


def test_a_note_is_on_the_timeline(alice, alert):
    assert (
        "The pool is exhausted" in press(alice, alert, Verb.NOTE, note="The pool is exhausted").text
    )


def test_snoozing_says_until_when(alice, alert):
    press(alice, alert, Verb.SNOOZE, minutes="120")

    alert.refresh_from_db()
    assert alert.snoozed_until == NOON + timedelta(hours=2)


def test_escalate_pressed_on_two_phones_moves_one_level(alice, alert):
    seen = clock.now().isoformat()
    clock.forward(timedelta(seconds=3))
    press(alice, alert, Verb.ESCALATE, seen_at=seen)
    Alert.objects.update(wake="step")  # the engine has moved on
    clock.forward(timedelta(seconds=3))
    press(alice, alert, Verb.ESCALATE, seen_at=seen)

    assert AlertEvent.objects.filter(kind=Kind.ESCALATED).count() == 1
    for nonsense in ("", "yesterday", "2026-13-45T99:00:00", "2026-03-02T12:00:00"):
        assert press(alice, alert, Verb.ESCALATE, seen_at=nonsense).status_code == 200


def test_ticked_alerts_are_answered_together(alice, open_alert):
    first, second, third = open_alert("One"), open_alert("Two"), open_alert("Three")

    response = browser(alice).post(
        "/alerts/bulk/",
        {"alert": [first.pk, second.pk], "verb": "acknowledge", "next": "/alerts/?severity=high"},
    )

    assert response["Location"] == "/alerts/?severity=high"
    statuses = dict(Alert.objects.values_list("title", "status"))
    assert statuses == {"One": "acknowledged", "Two": "acknowledged", "Three": "triggered"}
    assert third.title


def test_ticking_nothing_or_nonsense_says_so(alice, open_alert):
    resolved = open_alert()
    set_status(resolved, Status.RESOLVED, alice)
    client = browser(alice)

    nothing = client.post("/alerts/bulk/", {"verb": "acknowledge"}, follow=True)
    assert "Tick at least one alert first." in nothing.text
    odd = client.post(
        "/alerts/bulk/", {"verb": "resolve", "alert": ["x", "9" * 30, "-1"]}, follow=True
    )
    assert "Tick at least one alert first." in odd.text
    late = client.post(
        "/alerts/bulk/", {"verb": "acknowledge", "alert": [resolved.pk]}, follow=True
    )
    assert "it cannot be acknowledged" in late.text
    assert client.post("/alerts/bulk/", {"verb": "delete"}).status_code == 404


def test_a_form_never_leads_to_another_site(alice, alert):
    for target in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\t//evil.example",
    ):
        response = browser(alice).post(f"/alerts/{alert.pk}/note/", {"note": "hm", "next": target})
        assert response["Location"] == f"/alerts/{alert.pk}/"


def test_an_alert_opened_by_hand_pages_its_group(alice, payments):
    response = browser(alice).post(
        "/alerts/new/",
        {
            "title": "Phones are down",
            "group": payments.pk,
            "severity": "high",
            "description": "All",
        },
    )

    alert = Alert.objects.get()
    assert response["Location"] == f"/alerts/{alert.pk}/"
    assert (alert.group, alert.opened_by, alert.severity) == (payments, alice, "high")
    assert alert.wake_at == clock.now()


def test_a_form_that_is_sent_twice_pages_once(alice, bob, payments):
    """A thumb that presses twice, a phone that tries again on a bad line."""
    said = {"title": "Phones are down", "group": payments.pk, "severity": "high"}
    to_bob = {"title": "Phones are down", "person": bob.pk, "severity": "high"}
    client = browser(alice)

    first = client.post("/alerts/new/", said)
    assert client.post("/alerts/new/", said)["Location"] == first["Location"]
    act = actions.Move(actor=bob, now=clock.now())
    actions.apply(Verb.ACKNOWLEDGE, Alert.objects.get().pk, act)
    assert client.post("/alerts/new/", said)["Location"] == first["Location"]
    assert client.post("/alerts/new/", to_bob)["Location"] != first["Location"]
    client.post("/alerts/new/", to_bob)
    assert Alert.objects.count() == 2

    client.post("/alerts/new/", {**said, "title": "Phones are still down"})
    browser(bob).post("/alerts/new/", said)
    clock.forward(timedelta(minutes=1))
    client.post("/alerts/new/", said)
    assert Alert.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_pages_once(alice, payments):
    said = {"title": "Phones are down", "group": payments.pk, "severity": "high"}
    clients = [browser(alice) for _ in range(4)]

    def send(client):
        try:
            return client.post("/alerts/new/", said)["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as threads:
        pages = set(threads.map(send, clients))
    assert len(pages) == Alert.objects.count() == 1


def test_an_alert_can_go_straight_to_one_person(alice, bob):
    browser(alice).post("/alerts/new/", {"title": "Call me", "person": bob.pk, "severity": "low"})

    assert Alert.objects.get().assignee == bob


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "Say in one line what is wrong."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"title": "a\x00"}, "Null characters are not allowed."),
        ({"group": ""}, "Choose a group, or a person, to alert."),
        ({"group": "999999"}, "That choice is not one of the available choices."),
        ({"person": "{bob}"}, "Choose a group or a person, not both."),
        ({"severity": "awful"}, "awful is not one of the available choices."),
        ({"severity": ""}, "This field is required."),
    ],
)
def test_a_form_with_a_mistake_says_which_beside_the_field(alice, bob, payments, change, sentence):
    body = {"title": "Down", "group": payments.pk, "severity": "high", **change}
    body = {name: str(value).format(bob=bob.pk) for name, value in body.items()}

    response = browser(alice).post("/alerts/new/", body)

    assert sentence in response.text
    assert not Alert.objects.exists()


def test_mallory_cannot_alert_a_group_she_may_not_see(mallory, payments):
    client = browser(mallory)

    assert "Payments" not in client.get("/alerts/new/").text
    client.post("/alerts/new/", {"title": "Ha", "group": payments.pk, "severity": "high"})
    assert not Alert.objects.exists()
    assert "Payments" not in client.get("/alerts/new/?group=payments").text


def test_a_group_page_can_link_here(alice, payments):
    form = browser(alice).get("/alerts/new/?group=payments").context["form"]

    assert form["group"].value() == payments.pk
