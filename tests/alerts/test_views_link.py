"""Answering from a message, without signing in."""

import base64
import random
from datetime import timedelta

import pytest
from django.test import Client

from alertops import clock
from alerts import actions
from alerts.links import BadLink, ExpiredLink, make_link_token, read_link_token
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Status, Verb
from tests.alerts.conftest import NOON

pytestmark = pytest.mark.django_db


def path_of(alert, user, *, epoch=None, at=None):
    epoch = alert.epoch if epoch is None else epoch
    return f"/a/{make_link_token(alert.pk, user.pk if user else 0, epoch, at or clock.now())}/"


def act(verb, alert, actor):
    actions.apply(verb, alert.pk, actions.Move(actor=actor, now=clock.now()))


def test_a_link_fits_into_a_text_message():
    assert len(make_link_token(1, 1, 1, NOON)) <= 32
    assert len(make_link_token(2**31, 2**20, 2**14, NOON + timedelta(days=36500))) <= 60


def test_looking_changes_nothing_however_often(client, alice, alert):
    path = path_of(alert, alice)
    before = Alert.objects.values().get()

    for _ in range(50):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
        assert client.options(path).status_code == 200
    assert Alert.objects.values().get() == before
    assert AlertEvent.objects.count() == 1


def test_one_press_acknowledges_without_signing_in(alice, alert):
    strict = Client(enforce_csrf_checks=True)
    path = path_of(alert, alice)

    page = strict.get(path)
    assert page.text.count("btn-giant") == 1
    assert "<script" not in page.text
    answer = strict.post(path)
    after = strict.get(answer["Location"])

    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == (Status.ACKNOWLEDGED, alice)
    event = AlertEvent.objects.get(kind=Kind.ACKNOWLEDGED)
    assert (event.actor, event.data) == (alice, {"via": "link"})
    assert answer.status_code == 303
    assert "You acknowledged this" in after.text
    assert "nobody else will be paged" in after.text
    assert "sessionid" not in strict.cookies
    assert strict.get("/alerts/").status_code == 302  # it opened no session


def test_it_can_be_resolved_instead(client, alice, alert):
    client.post(path_of(alert, alice), {"verb": "resolve"})

    assert Alert.objects.get().status == Status.RESOLVED


def test_no_other_verb_works(client, alice, alert):
    for verb in ("escalate", "assign", "snooze", "note", "unacknowledge", "", "x"):
        assert client.post(path_of(alert, alice), {"verb": verb}).status_code == 404
    assert Alert.objects.get().status == Status.TRIGGERED


def test_who_comes_second_reads_who_was_first(client, alice, bob, alert):
    path = path_of(alert, alice)
    act(Verb.ACKNOWLEDGE, alert, bob)

    for response in (client.get(path), client.post(path)):
        assert "Acknowledged by Bob" in response.text
        assert "btn-giant" not in response.text
    assert Alert.objects.get().acknowledged_by == bob


def test_a_resolved_alert_stays_resolved(client, alice, bob, alert):
    path = path_of(alert, alice)
    act(Verb.RESOLVE, alert, bob)

    for response in (client.get(path), client.post(path)):
        assert "Resolved by Bob" in response.text
    assert Alert.objects.get().status == Status.RESOLVED


def test_an_old_message_cannot_silence_a_newer_page(client, alice, alert):
    path = path_of(alert, alice)
    act(Verb.ACKNOWLEDGE, alert, alice)
    act(Verb.UNACKNOWLEDGE, alert, alice)

    for response in (client.get(path), client.post(path)):
        assert "This link is from an earlier page" in response.text
        assert "btn-giant" not in response.text
    assert Alert.objects.get().status == Status.TRIGGERED

    alert.refresh_from_db()
    client.post(path_of(alert, alice))
    assert Alert.objects.get().status == Status.ACKNOWLEDGED


def test_a_link_dies_after_a_day(client, alice, alert):
    path = path_of(alert, alice)
    clock.forward(timedelta(hours=24))
    assert client.get(path).status_code == 200
    clock.forward(timedelta(minutes=1))

    for response in (client.get(path), client.post(path)):
        assert response.status_code == 410
        assert "This link has expired" in response.text
        assert alert.title not in response.text
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_link_of_somebody_who_left_is_dead(client, alice, alert):
    path = path_of(alert, alice)
    alice.is_active = False
    alice.save()

    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_link_sent_to_the_groups_own_address_acknowledges_for_nobody(client, alert):
    path = path_of(alert, None)
    client.post(path)

    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == (Status.ACKNOWLEDGED, None)
    assert "Acknowledged" in client.get(path).text


def test_a_changed_link_never_works(client, alice, alert):
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))

    for bit in range(len(raw) * 8):
        raw[bit // 8] ^= 1 << bit % 8
        changed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        raw[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadLink):
            read_link_token(changed, clock.now())
    for cut in range(len(token)):
        assert client.post(f"/a/{token[:cut] or '-'}/").status_code == 404
    for odd in (token + "A", token + "=", "A" * 500, "%00", "..", "✓", token.swapcase()):
        assert client.post(f"/a/{odd}/").status_code in {404, 400}
    assert Alert.objects.get().status == Status.TRIGGERED


def test_a_hundred_thousand_random_changes_never_work(alice, alert):
    token = make_link_token(alert.pk, alice.pk, alert.epoch, clock.now())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    dice = random.Random(48)

    for _ in range(20_000):
        changed = list(token)
        for _ in range(dice.randint(1, 3)):
            changed[dice.randrange(len(changed))] = dice.choice(letters)
        if "".join(changed) == token:
            continue
        with pytest.raises(BadLink):
            read_link_token("".join(changed), clock.now())


def test_a_link_acts_on_its_own_alert_only(client, alice, bob, open_alert):
    mine, other = open_alert("Mine"), open_alert("Other")

    said = read_link_token(make_link_token(mine.pk, alice.pk, mine.epoch, NOON), NOON)
    assert (said.alert_id, said.user_id, said.epoch) == (mine.pk, alice.pk, mine.epoch)
    client.post(path_of(mine, alice), {"alert": other.pk, "alert_id": other.pk})

    other.refresh_from_db()
    assert other.status == Status.TRIGGERED


def test_links_survive_a_new_secret_key_while_the_old_one_is_known(settings, alice, alert):
    token = make_link_token(alert.pk, alice.pk, alert.epoch, NOON)

    settings.SECRET_KEY, old = (
        "a-brand-new-key-of-more-than-fifty-characters-0123456789",
        settings.SECRET_KEY,
    )
    settings.SECRET_KEY_FALLBACKS = [old]
    assert read_link_token(token, NOON).alert_id == alert.pk
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadLink):
        read_link_token(token, NOON)


def test_an_expired_link_is_told_from_a_forged_one(alice, alert):
    token = make_link_token(alert.pk, alice.pk, 1, NOON - timedelta(days=2))

    with pytest.raises(ExpiredLink):
        read_link_token(token, NOON)


def test_the_page_leaks_nothing_and_loads_nothing_foreign(client, alice, alert):
    response = client.get(path_of(alert, alice))

    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "http://" not in response.text.replace("http://www.w3.org", "")
    assert "https://" not in response.text
    assert alice.email not in response.text
