"""Who is next, who was notified, and the outbox: as pieces of a page and as pages."""

from datetime import timedelta

import pytest

from accounts.models import UnsentMessage
from alerts import actions
from alerts.actions import Move
from alerts.states import Verb
from escalation import outlook
from escalation.models import Notification, PolicyVersion
from schedules.models import Override, Schedule
from tests import builders
from tests.escalation.conftest import browser, queries


def act(verb, alert, actor, clock, **more):
    actions.apply(verb, alert.pk, Move(actor=actor, now=clock.now(), **more))
    clock.look()
    alert.refresh_from_db()


def ahead(alert, clock):
    """Who is next, as (who, minutes from now)."""
    alert.refresh_from_db()
    rows = outlook.of_alert(alert, clock.now()).rows
    return [(row.whom, (row.at - clock.now()).total_seconds() / 60) for row in rows]


FALLBACK = "Fallback: the group's Managers"


# Who is next


def test_it_says_who_is_next_and_when_then_who_after_that_then_the_fallback(payments, alice, clock):
    alert = builders.alert(payments)
    clock.forward(minutes=1)

    assert ahead(alert, clock) == [("Bob", 4), ("Carol", 14), (FALLBACK, 24)]
    text = browser(alice).get(f"/escalations/{alert.pk}/next/").text
    assert "Bob" in text
    assert "Secondary" in text
    assert "09:05:00" in text
    assert "in 4 min" in text
    assert "by SMS" in text
    assert "Five, then fifteen" in text


def test_what_it_promises_is_what_the_engine_does(payments, clock, phones):
    alert = builders.alert(payments)
    clock.look()
    phones.take()
    for whom, minutes in ahead(alert, clock)[:2]:
        clock.set(alert.opened_at + timedelta(minutes=minutes))
        clock.look()
        assert phones.take() == [whom.lower()]


def test_before_the_engine_has_looked_it_says_that_paging_starts_now(payments, alice, clock):
    alert = builders.alert(payments)

    assert ahead(alert, clock)[0] == ("Alice", 0)
    assert ">now<" in browser(alice).get(f"/escalations/{alert.pk}/next/").text


def test_a_hand_off_on_the_way_changes_who_is_next(payments, alice, bob, carol, clock):
    dora = builders.person("Dora")
    payments.members.create(user=dora, sequence=9)
    schedule = Schedule.objects.create(group=payments, name="Rota", is_active=True)
    alert = builders.alert(payments)
    clock.look()
    Override.objects.create(
        schedule=schedule,
        role="secondary",
        user=dora,
        starts_at=clock.now() + timedelta(minutes=3),
        ends_at=clock.now() + timedelta(hours=1),
    )

    assert ahead(alert, clock)[0] == ("Dora", 5)


def test_an_empty_level_is_shown_as_skipped_and_takes_no_time(payments, bob, clock):
    bob.contact_methods.all().delete()
    alert = builders.alert(payments)
    clock.look()

    assert ahead(alert, clock) == [("Secondary of the group", 5), ("Carol", 5), (FALLBACK, 15)]


def test_an_acknowledged_alert_says_by_whom_and_when_that_expires(payments, bob, alice, clock):
    payments.escalation_policy.policy.acknowledgement_timeout_seconds = 1800
    payments.escalation_policy.policy.save()
    alert = builders.alert(payments)
    clock.look()
    act(Verb.ACKNOWLEDGE, alert, bob, clock)

    text = browser(alice).get(f"/escalations/{alert.pk}/next/").text
    assert "Acknowledged by <strong>Bob</strong>" in text
    assert "in 30 min" in text
    assert "triggers again" in text


def test_a_resolved_alert_pages_nobody(payments, bob, alice, clock):
    alert = builders.alert(payments)
    act(Verb.RESOLVE, alert, bob, clock)

    assert "Nobody is paged" in browser(alice).get(f"/escalations/{alert.pk}/next/").text


def test_a_snoozed_alert_says_until_when_and_who_then(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()
    act(Verb.SNOOZE, alert, alice, clock, until=clock.now() + timedelta(hours=1))

    assert ahead(alert, clock)[0] == ("Alice", 60)
    assert "Snoozed until" in browser(alice).get(f"/escalations/{alert.pk}/next/").text


def test_a_snoozed_alert_of_one_person_pages_that_person_again(alice, clock):
    alert = builders.alert(assignee=alice, actor=alice)
    clock.look()
    act(Verb.SNOOZE, alert, alice, clock, until=clock.now() + timedelta(hours=1))

    assert ahead(alert, clock) == [("Alice", 60)]


def test_an_assigned_alert_says_how_long_and_what_follows(payments, alice, carol, clock):
    alert = builders.alert(payments)
    clock.look()
    actions.apply(Verb.ASSIGN, alert.pk, Move(actor=alice, now=clock.now(), assignee=carol))
    assert ahead(alert, clock) == [("Carol", 0)]
    clock.look()

    assert ahead(alert, clock)[0] == ("Bob", 5)
    text = browser(alice).get(f"/escalations/{alert.pk}/next/").text
    assert "Assigned to <strong>Carol</strong>" in text


def test_an_alert_straight_to_one_person_goes_to_the_administrators_next(alice, root, clock):
    alert = builders.alert(assignee=alice, actor=alice)
    clock.look()

    assert ahead(alert, clock) == [("Fallback: the App Admins", 5)]
    clock.forward(minutes=5)
    text = browser(alice).get(f"/escalations/{alert.pk}/next/").text
    assert "Nobody has acknowledged." in text


def test_when_nobody_is_on_call_a_red_banner_says_so(root, clock):
    alert = builders.alert(builders.group())
    clock.look()

    text = browser(root).get(f"/escalations/{alert.pk}/next/").text
    assert "Nobody is on call at any level." in text
    assert "is-danger" in text


def test_a_policy_that_is_over_says_so_and_when_it_is_brought_up_again(payments, alice, clock):
    alert = builders.alert(payments)
    clock.forward(minutes=25)

    text = browser(alice).get(f"/escalations/{alert.pk}/next/").text
    assert "The policy is over and nobody has acknowledged." in text
    assert ahead(alert, clock) == [(FALLBACK, 60)]


def test_escalating_by_hand_is_shown_as_due_now(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()
    actions.apply(Verb.ESCALATE, alert.pk, Move(actor=alice, now=clock.now()))

    assert ahead(alert, clock)[0] == ("Bob", 0)


def test_looking_ahead_writes_nothing(payments, alice, clock):
    alert = builders.alert(payments)
    browser(alice).get(f"/escalations/{alert.pk}/next/")
    assert not PolicyVersion.objects.exists()
    assert not Notification.objects.exists()


def test_more_people_and_levels_cost_no_more_queries(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()
    client = browser(alice)

    def page():
        return client.get(f"/escalations/{alert.pk}/next/")

    few = queries(page)
    for number in range(8):
        person = builders.person(f"Person {number}", channels=("sms", "email"))
        payments.members.create(user=person, sequence=20 + number, is_secondary=True)
    assert queries(page) == few
    assert few <= 16


# Notifications


def test_each_notification_says_who_how_and_with_what_result(payments, alice, root, clock):
    alert = builders.alert(payments)
    clock.forward(minutes=5)

    text = browser(alice).get(f"/escalations/{alert.pk}/notifications/").text
    assert text.index('row-title">Bob') < text.index('row-title">Alice')
    assert "Text message" in text
    assert "Outbox only" in text
    assert "/outbox/" not in text
    assert "/outbox/?before=" in browser(root).get(f"/escalations/{alert.pk}/notifications/").text


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"state": "failed", "error": "number is not in service"}, "number is not in service"),
        ({"state": "delivered", "is_local": False}, "Delivered"),
        ({"state": "unknown"}, "Unclear, being looked up"),
        ({"state": "pending", "attempts": 3}, "Trying again"),
        ({"state": "pending", "attempts": 0}, "Planned"),
        ({"state": "cancelled"}, "Cancelled"),
        ({"state": "expired"}, "Expired"),
    ],
)
def test_every_state_has_its_word(payments, alice, clock, fields, word):
    alert = builders.alert(payments)
    clock.look()
    due = clock.now() + timedelta(minutes=3)
    Notification.objects.update(**{"is_local": False, "due_at": due, **fields})

    assert word in browser(alice).get(f"/escalations/{alert.pk}/notifications/").text


def test_addresses_are_masked(payments, alice, bob, clock):
    alert = builders.alert(payments)
    clock.look()

    text = browser(bob).get(f"/escalations/{alert.pk}/notifications/").text
    assert alice.contact_methods.get().address not in text
    assert alice.contact_methods.get().address[-4:] in text


def test_a_contact_method_that_is_gone_leaves_its_notification_readable(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()
    alice.contact_methods.all().delete()

    assert "gone" in browser(alice).get(f"/escalations/{alert.pk}/notifications/").text


def copies(alert, count):
    first = Notification.objects.filter(alert=alert).first()
    for number in range(count):
        first.pk, first.key = None, f"{alert.pk}.copy.{number}.{Notification.objects.count()}"
        first.save(force_insert=True)


def test_more_notifications_cost_no_more_queries_and_are_paged(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()
    client = browser(alice)

    def page():
        return client.get(f"/escalations/{alert.pk}/notifications/")

    few = queries(page)
    copies(alert, 120)
    assert queries(page) == few
    first = page()
    assert len(first.context["lines"]) == 100
    rest = client.get(f"/escalations/{alert.pk}/notifications/?before={first.context['more']}")
    assert len(rest.context["lines"]) == 21
    assert rest.context["more"] is None


# Both, as pieces and pages


def test_the_alerts_page_shows_both_pieces_without_a_second_frame(payments, alice, clock):
    alert = builders.alert(payments)
    clock.look()

    text = browser(alice).get(f"/alerts/{alert.pk}/").text
    assert text.count("<html") == 1
    assert 'aria-label="Who is next"' in text
    assert 'aria-label="Notifications"' in text


def test_asked_for_directly_both_are_whole_pages(payments, alice, clock):
    alert = builders.alert(payments)
    for what in ("next", "notifications"):
        text = browser(alice).get(f"/escalations/{alert.pk}/{what}/").text
        assert text.count("<html") == 1
        headers = {"HX-Request": "true"}
        piece = browser(alice).get(f"/escalations/{alert.pk}/{what}/", headers=headers).text
        assert "<html" not in piece


def test_mallory_finds_nothing(payments, mallory, clock):
    alert = builders.alert(payments)
    for what in ("next", "notifications"):
        assert browser(mallory).get(f"/escalations/{alert.pk}/{what}/").status_code == 404
    assert browser(mallory).get("/outbox/").status_code == 404


def test_a_stranger_is_sent_to_sign_in(client, payments, clock):
    alert = builders.alert(payments)
    for path in (f"/escalations/{alert.pk}/next/", "/outbox/"):
        assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/escalations/999999/next/",
        "/escalations/99999999999999999999999/next/",
        "/escalations/{}/notifications/?before=x",
        "/escalations/{}/notifications/?before=99999999999999999999",
        "/outbox/?before=-1",
        "/outbox/?before=%C2%B2",
    ],
)
def test_addresses_that_make_no_sense_are_not_found(payments, root, clock, path):
    alert = builders.alert(payments)
    assert browser(root).get(path.format(alert.pk)).status_code == 404


def test_looking_is_all_these_pages_do(payments, root, clock):
    alert = builders.alert(payments)
    for path in (f"/escalations/{alert.pk}/next/", "/outbox/"):
        assert browser(root).post(path).status_code == 405


# The outbox


def test_the_outbox_shows_messages_as_their_channel_would_have_sent_them(
    payments, alice, root, clock
):
    builders.contact(alice, "email")
    builders.contact(alice, "voice")
    alert = builders.alert(payments, title="Checkout <b>down</b>")
    clock.look()

    text = browser(root).get("/outbox/").text
    assert text.count("<section") >= 3
    assert f"/alerts/{alert.pk}/" in text
    assert "Reply " in text
    assert "Press 1 to acknowledge" in text
    assert "<b>down</b>" not in text
    assert "/a/" in text


def test_the_links_in_the_outbox_work(payments, root, clock, client):
    alert = builders.alert(payments)
    clock.look()
    letter = browser(root).get("/outbox/").context["page"].letters[0]

    client.post(letter.message.ack_url.partition("localhost:8000")[2], {"verb": "acknowledge"})
    alert.refresh_from_db()
    assert alert.status == "acknowledged"


def test_the_outbox_shows_codes_that_are_still_good(alice, root, clock):
    for minutes, text in ((15, "123456 is your code"), (-1, "654321 is your code")):
        UnsentMessage.objects.create(
            user=alice,
            kind="sms",
            masked="+1 ••• 1234",
            text=text,
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(minutes=minutes),
        )

    text = browser(root).get("/outbox/").text
    assert "123456" in text
    assert "654321" not in text


def test_an_empty_outbox_says_so(root, clock):
    assert "Nothing is stuck here" in browser(root).get("/outbox/").text


def test_the_outbox_is_for_administrators_alone(alice, clock):
    keeper = builders.person("Keeper", roles=["integrations_admin"])
    assert browser(keeper).get("/outbox/").status_code == 404
    assert browser(alice).get("/outbox/").status_code == 404


def test_the_outbox_is_paged_and_costs_the_same_however_full(payments, root, clock):
    alert = builders.alert(payments)
    clock.look()
    client = browser(root)

    def page():
        return client.get("/outbox/")

    few = queries(page)
    copies(alert, 40)
    assert queries(page) == few
    seen, before = [], page().context["page"]
    seen += [letter.line.notification.pk for letter in before.letters]
    after = client.get(f"/outbox/?before={before.older}").context["page"]
    seen += [letter.line.notification.pk for letter in after.letters]
    assert (len(seen), len(set(seen)), after.older) == (41, 41, None)
