"""The pages that look: the list, one alert, its refresh."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alertops import clock
from alerts import actions
from alerts.models import Alert
from alerts.states import Kind, Status, Verb, verbs_from
from alerts.timeline import Fact, record
from tests.alerts.conftest import NOON, browser

pytestmark = pytest.mark.django_db


def act(verb, alert, actor, **more):
    return actions.apply(verb, alert.pk, actions.Move(actor=actor, now=clock.now(), **more))


def test_the_list_shows_open_alerts_newest_first(alice, open_alert):
    open_alert("First")
    clock.forward(timedelta(minutes=1))
    open_alert("Second")
    over = open_alert("Over")
    act(Verb.RESOLVE, over, alice)

    text = browser(alice).get("/alerts/").text

    assert text.index("Second") < text.index("First")
    assert "Over" not in text


def test_mallory_sees_no_alert_of_a_group_that_is_not_hers(mallory, alert):
    assert alert.title not in browser(mallory).get("/alerts/?status=all").text
    assert browser(mallory).get(f"/alerts/{alert.pk}/").status_code == 404
    assert browser(mallory).get(f"/alerts/{alert.pk}/live/").status_code == 404


def test_a_stranger_is_sent_to_sign_in(client, alert):
    for path in ("/", "/alerts/", "/alerts/new/", f"/alerts/{alert.pk}/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=disk", {"Disk is full"}),
        ("q=is full disk", {"Disk is full"}),
        ("q=%23{disk}", {"Disk is full"}),
        ("severity=low", {"Disk is full"}),
        ("mine=on", {"Mine"}),
        ("status=acknowledged", {"Mine"}),
        ("status=triggered", {"Checkout is failing", "Disk is full"}),
        ("status=resolved", {"Over"}),
        ("status=snoozed", {"Later"}),
        ("group={group}", {"Checkout is failing", "Disk is full", "Mine", "Later"}),
        ("status=all&q=e", {"Checkout is failing", "Mine", "Later", "Over"}),
    ],
)
def test_the_list_can_be_narrowed(alice, alert, open_alert, query, titles):
    disk = open_alert("Disk is full", severity="low")
    act(Verb.ACKNOWLEDGE, open_alert("Mine"), alice)
    act(Verb.RESOLVE, open_alert("Over"), alice)
    act(Verb.SNOOZE, open_alert("Later"), alice, until=NOON + timedelta(hours=1))
    if query == "status=triggered":
        titles = titles | {"Later"}

    path = "/alerts/?" + query.format(disk=disk.pk, group=alert.group_id)
    page = browser(alice).get(path).context["page"]

    assert {found.title for found in page.alerts} == titles


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "severity=9", "group=abc", "group=999999", "integration=x", "q=%00"],
)
def test_a_filter_that_makes_no_sense_says_so_and_shows_nothing(alice, alert, query):
    response = browser(alice).get(f"/alerts/?{query}")

    assert response.status_code == 200
    assert response.context["page"].alerts == []
    assert "errorlist" in response.text


def test_a_chosen_integration_stays_chosen_when_all_its_alerts_are_over(alice, mallory, alert):
    act(Verb.RESOLVE, alert, alice)
    path = f"/alerts/?status=all&integration={alert.source_id}"

    assert [one.pk for one in browser(alice).get(path).context["page"].alerts] == [alert.pk]
    assert "Datadog" not in browser(mallory).get(path).text


def test_a_page_marker_that_is_not_ours_is_not_found(alice):
    for marker in ("x", "zz-zz", "1", "-", "9" * 80, "ffffffffffffffffffff-1"):
        assert browser(alice).get(f"/alerts/?after={marker}").status_code == 404


def test_fifty_alerts_cost_as_many_queries_as_five(alice, open_alert):
    def cost():
        client = browser(alice)
        client.get("/alerts/?status=all")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/alerts/?status=all").status_code == 200
        return len(queries)

    for number in range(5):
        act(Verb.ACKNOWLEDGE, open_alert(f"Alert {number}"), alice)
    few = cost()
    for number in range(45):
        act(Verb.ACKNOWLEDGE, open_alert(f"More {number}"), alice)
    assert cost() == few
    assert few <= 8


def test_pages_follow_each_other_without_gap_or_repeat_even_at_one_instant(alice, open_alert):
    for number in range(120):
        if number % 40 == 0:
            clock.forward(timedelta(seconds=1))
        open_alert(f"Alert {number}")
    client, path, seen = browser(alice), "/alerts/", []
    paths = []
    while path:
        paths.append(path)
        response = client.get(path)
        seen += [alert.pk for alert in response.context["page"].alerts]
        path = response.context["older_url"] and "/alerts/" + response.context["older_url"]

    expected = list(Alert.objects.order_by("-opened_at", "-pk").values_list("pk", flat=True))
    assert seen == expected
    assert len(paths) == 3

    back = client.get("/alerts/" + response.context["newer_url"])
    assert [alert.pk for alert in back.context["page"].alerts] == expected[50:100]


def test_the_refresh_of_the_list_is_the_table_alone(alice, alert):
    response = browser(alice).get("/alerts/", headers={"HX-Target": "alert-list"})

    assert alert.title in response.text
    assert "<html" not in response.text
    assert "HX-Target" in response["Vary"]


def test_the_page_of_an_alert_offers_exactly_what_the_table_allows(alice, alert):
    moves = [None, Verb.ACKNOWLEDGE, Verb.RESOLVE]
    for move in moves:
        if move:
            act(move, alert, alice)
        alert.refresh_from_db()
        text = browser(alice).get(f"/alerts/{alert.pk}/").text
        for verb in Verb:
            offered = f'action="/alerts/{alert.pk}/{verb.value}/"' in text
            assert offered == (verb in verbs_from(alert.status)), (move, verb)


def test_a_stakeholder_looks_and_is_offered_nothing(stan, alert, payments):
    payments.visibility = "everyone"
    payments.save()

    response = browser(stan).get(f"/alerts/{alert.pk}/")

    assert alert.title in response.text
    assert f'action="/alerts/{alert.pk}/' not in response.text


def test_the_page_says_when_in_the_readers_zone(alice, alert):
    alice.time_zone = "Asia/Tokyo"
    alice.save()

    assert "Mon 2 Mar 2026, 21:00:00 JST" in browser(alice).get(f"/alerts/{alert.pk}/").text


def test_only_web_links_are_shown_and_hostile_text_is_harmless(alice, open_alert):
    evil = "<script>alert(1)</script>"
    alert = open_alert(
        evil,
        description=evil,
        links=[
            {"href": "https://example.com/?a=1&b=2", "text": evil},
            {"href": "javascript:alert(1)", "text": "one"},
            {"href": " JaVaScRiPt:alert(1)", "text": "two"},
            {"href": "data:text/html,x", "text": "three"},
        ],
        details={evil: {"deep": [evil]}},
        tags=[evil],
    )
    act(Verb.NOTE, alert, alice, note=evil)

    for path in (f"/alerts/{alert.pk}/", "/alerts/", "/"):
        text = browser(alice).get(path).text
        assert evil not in text
        assert "javascript:" not in text.lower()
    assert "https://example.com/?a=1&amp;b=2" in browser(alice).get(f"/alerts/{alert.pk}/").text


FACTS = {
    Kind.REPEATED: {"count": 3},
    Kind.SEVERITY_RAISED: {"from": "low", "to": "critical"},
    Kind.ASSIGNED: {"group": "Platform"},
    Kind.SNOOZED: {"until": "2026-03-02T13:00:00+00:00"},
    Kind.LEVEL_STARTED: {"level": 0, "send": 0, "times": 2, "aim": "primary", "left_out": []},
    Kind.LEVEL_SKIPPED: {"level": 1, "aim": "secondary", "left_out": [[1, "inactive"]]},
    Kind.ESCALATION_STARTED: {"policy": "Five minutes", "chosen_by": "group"},
    Kind.FALLBACK: {"who": "admins"},
    Kind.PAGED: {"channel": "sms", "to": "+1 ••• 4567", "bundled": 2, "local": True},
    Kind.PAGE_FAILED: {"channel": "sms", "reason": "No such number", "again": True},
    Kind.PAGE_DELAYED: {"channel": "sms", "why": "cap"},
    Kind.PAGE_CANCELLED: {"count": 2},
    Kind.ENGINE_LATE: {"seconds": 90},
}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_fact_has_words(alice, bob, alert, kind):
    template = f"templates/alerts/events/{kind.value}.html"
    bare = Fact(alert.pk, kind, clock.now())
    full = Fact(
        alert.pk,
        kind,
        clock.now(),
        alice.pk,
        {"people": [bob.pk], "note": "hm", **FACTS.get(kind, {})},
    )
    record([bare, full])

    text = browser(alice).get(f"/alerts/{alert.pk}/").text

    text = text.partition('id="timeline"')[2].partition("</ol>")[0]
    assert text.count('<li class="timeline-item') == 3
    with open(template) as words:
        assert "{% block words %}" in words.read()
    if kind in {Kind.PAGED, Kind.LEVEL_STARTED, Kind.PAGE_FAILED, Kind.NO_IMMEDIATE_RULE}:
        assert "<strong>Bob</strong>" in text


def test_a_kind_from_the_future_is_shown_plainly(alice, alert):
    alert.events.update(kind="teleported")

    assert "teleported" in browser(alice).get(f"/alerts/{alert.pk}/").text


def test_a_long_story_costs_no_more_queries_than_a_short_one(alice, bob, alert):
    def cost():
        client = browser(alice)
        client.get(f"/alerts/{alert.pk}/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/alerts/{alert.pk}/")
        return len(queries)

    record([Fact(alert.pk, Kind.PAGED, clock.now(), alice.pk, {"person": bob.pk})])
    short = cost()
    record(Fact(alert.pk, Kind.PAGED, clock.now(), alice.pk, {"person": bob.pk}) for _ in range(60))
    assert cost() == short


def test_a_very_long_story_is_cut_and_can_be_read_whole(alice, alert):
    record(Fact(alert.pk, Kind.REPEATED, clock.now(), None, {"count": n}) for n in range(150))
    client = browser(alice)

    assert len(client.get(f"/alerts/{alert.pk}/").context["story"].entries) == 100
    assert len(client.get(f"/alerts/{alert.pk}/?story=all").context["story"].entries) == 151


def test_the_poll_sends_the_buttons_only_when_the_state_changed(alice, alert):
    client = browser(alice)
    same = client.get(f"/alerts/{alert.pk}/live/?epoch={alert.epoch}").text
    changed = client.get(f"/alerts/{alert.pk}/live/?epoch={alert.epoch - 1}").text

    assert 'id="timeline"' in same
    assert 'id="verbs"' not in same
    assert 'id="verbs"' in changed


def test_a_resolved_alert_stops_asking(alice, alert):
    assert "hx-trigger" in browser(alice).get(f"/alerts/{alert.pk}/live/").text
    act(Verb.RESOLVE, alert, alice)
    assert "hx-trigger" not in browser(alice).get(f"/alerts/{alert.pk}/live/").text
    assert Alert.objects.get().status == Status.RESOLVED


def test_an_alert_number_too_large_for_the_database_is_not_found(alice):
    assert browser(alice).get(f"/alerts/{10**30}/").status_code == 404
    assert browser(alice).get(f"/alerts/?q={10**30}").status_code == 200


def test_home_shows_what_is_mine_and_what_nobody_took(alice, bob, open_alert):
    act(Verb.ACKNOWLEDGE, open_alert("Mine"), alice)
    act(Verb.ACKNOWLEDGE, open_alert("His"), bob)
    open_alert("Nobody took it")

    context = browser(alice).get("/").context

    assert [one.title for one in context["mine"]] == ["Mine"]
    assert [one.title for one in context["unowned"]] == ["Nobody took it"]


def test_home_shows_mallory_nothing(mallory, alert):
    assert alert.title not in browser(mallory).get("/").text


def test_the_appearance_is_remembered_without_script(alice):
    client = browser(alice)

    response = client.post("/theme/", {"theme": "dark", "next": "/alerts/"})
    assert response["Location"] == "/alerts/"
    assert 'data-theme="dark"' in client.get("/alerts/").text
    assert client.post("/theme/", {"theme": "pink"}).status_code == 400


ELSEWHERE = ["//evil.example", "https://evil.example/", "\\evil.example", "/\\evil.example",
             "770", "alerts", "\0", "javascript:alert(1)", ""]  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_form_leads_back_to_a_path_of_ours_or_to_the_start(alice, alert, url):
    client = browser(alice)
    assert client.post("/theme/", {"theme": "dark", "next": url})["Location"] == "/"
    assert client.post("/alerts/bulk/", {"verb": "resolve", "next": url})["Location"] == "/alerts/"
    done = client.post(f"/alerts/{alert.pk}/acknowledge/", {"next": url})
    assert done["Location"] == f"/alerts/{alert.pk}/"
