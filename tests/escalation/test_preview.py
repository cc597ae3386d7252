"""A policy in words, with and without people. Pure."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from escalation.admin_forms import parse_sequence, sequence_words
from escalation.plan import Aim, Answer, ChannelStep, LevelPlan, PolicyPlan, Position, Recipient
from escalation.preview import Chain, Names, Row, Way, outline, sentence, ways
from escalation.reach import Method, Person, Rule
from escalation.validity import problems

ANY_FALLBACK = "the group's Managers, else its members, else its own address, else the App Admins"
LEFT_OUT = "Bob is left out: no verified contact method"
TIMEOUT = "The acknowledgement time-out is 10 s to 7 days."
AT_ONCE = "A policy that repeats must wait somewhere, or every round is sent at once."
INTERVAL = "Level 1: notifying more than once needs an interval."
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAMES = Names(
    people={7: "Priya"}, groups={3: "Database"}, channels={"sms": "SMS", "voice": "phone"}
)


def level(kind="primary", id_=None, **fields):
    return LevelPlan(Aim(kind, id_), **fields)


def policy(*levels, **fields):
    return PolicyPlan("Test", tuple(levels), **fields)


CHAIN = policy(level(wait=300), level("secondary", wait=600), level("manager", wait=600))


def said(*levels, **fields):
    return [f"{row.clock} {row.text}" for row in outline(policy(*levels, **fields), NAMES)]


# Without people


def test_the_clock_counts_from_the_beginning():
    assert [row.clock for row in outline(CHAIN, NAMES)] == [
        "T+0",
        "T+5 min",
        "T+15 min",
        "T+25 min",
    ]


def test_each_level_says_whom_and_by_whose_rules():
    assert said(level(), level("user", 7), level("group", 3), level("contact"))[:4] == [
        "T+0 Primary of the group by their own rules",
        "T+5 min Priya by their own rules",
        "T+10 min On call in Database by their own rules",
        "T+15 min The group's own contact address by their own rules",
    ]


def test_a_policys_own_channels_are_named_where_they_count():
    channels = (ChannelStep("sms", 0), ChannelStep("voice", 120))
    centralized = said(level(channels=channels), notification_type="policy")
    assert centralized[0] == "T+0 Primary of the group by SMS, by phone after 2 min"
    assert said(level(channels=channels))[0] == "T+0 Primary of the group by their own rules"


def test_repeats_and_waits_between_members_are_said_and_counted():
    words = said(level(times=6, interval=300, wait=300), level("manager", wait=60))
    assert words[0].endswith("(6 times, 5 min apart)")
    assert words[1].startswith("T+30 min ")
    rows = outline(policy(level(member_wait=60), level("manager")), NAMES)
    assert "one after the other, 1 min between them" in rows[0].text
    assert [row.is_least for row in rows] == [False, True, True]
    assert "T+5 min or later" in sentence(rows)


def test_rounds_are_said_and_the_fallback_comes_after_all_of_them():
    words = said(level(wait=300), repeat_rounds=2)
    assert words[1:] == [
        "T+5 min From the first level again, 2 times more",
        f"T+15 min Fallback: {ANY_FALLBACK}",
    ]
    assert "once more" in said(level(), repeat_rounds=1)[1]


def test_a_policy_without_levels_does_nothing():
    assert said() == []


def test_names_that_are_gone_do_not_break_it():
    assert said(level("user", 99))[0].startswith("T+0 somebody who has left")
    assert said(level("group", 99))[0].startswith("T+0 On call in another group")


# With people


class Crew:
    """Alice is primary until 09:05, then Dora; Bob has no phone; Carol manages."""

    def __init__(self):
        sms, call = Method(1, "sms", True), Method(2, "voice", True)
        self.people = {
            1: Person(1, "Alice", methods=[sms, call], rules={"high": [Rule(1, 0), Rule(2, 180)]}),
            2: Person(2, "Bob"),
            3: Person(3, "Carol", methods=[Method(3, "sms", True)]),
            4: Person(4, "Dora", methods=[Method(4, "sms", True)]),
        }

    def roster_at(self, group_id, at):
        early = (at - AT).total_seconds() < 300

        def ask(aim):
            if aim.kind == "primary":
                return Answer((Recipient("user", 1 if early else 4),))
            if aim.kind == "manager":
                return Answer((Recipient("user", 3),))
            if aim.kind == "contact":
                return Answer((Recipient("contact", 8),))
            return Answer((), ((2, "unreachable"),))

        return ask

    def fallback_at(self, group_id, at):
        return "managers", (Recipient("user", 3),)

    def person(self, user_id):
        return self.people.get(user_id)

    def contact_channel(self, contact_id):
        return "sms"


def chain(plan, **fields):
    rows = Chain(plan, Crew(), NAMES, 1, **fields).rows(AT, Position())
    return [f"{row.clock} {row.text}" for row in rows]


def test_it_says_who_by_what_and_when_until_the_fallback():
    assert chain(CHAIN) == [
        "T+0 Alice (Primary) by SMS, by phone after 3 min",
        f"T+5 min Secondary of the group: nobody, skipped at once; {LEFT_OUT}",
        "T+5 min Carol (Manager) by SMS",
        "T+15 min Fallback: the group's Managers by SMS",
    ]


def test_each_level_asks_who_is_on_call_at_its_own_instant():
    assert chain(policy(level(wait=300), level(wait=300)))[1] == "T+5 min Dora (Primary) by SMS"


def test_every_notification_of_a_level_is_a_line():
    lines = chain(policy(level("manager", times=3, interval=60, wait=60)))
    assert lines[:3] == [
        "T+0 Carol (Manager) by SMS",
        "T+1 min Carol (Manager) by SMS (notification 2 of 3)",
        "T+2 min Carol (Manager) by SMS (notification 3 of 3)",
    ]


def test_a_groups_own_address_is_named():
    assert chain(policy(level("contact")))[0] == "T+0 The group's own address by SMS"


def test_ways_are_grouped_by_their_delay():
    used = [Way("voice", 120), Way("sms"), Way("pigeon"), Way("sms")]
    assert ways(used, NAMES) == "by SMS and pigeon, by phone after 2 min"


def test_a_fallback_that_reaches_nobody_says_so():
    assert Row("fallback", 0, "Fallback: the App Admins", at=AT).text == (
        "Fallback: the App Admins: nobody who can be reached"
    )


# Channels as people type them


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("sms", [("sms", 0)]),
        ("SMS and push at once, phone after 2 min", [("sms", 0), ("push", 0), ("voice", 120)]),
        ("by e-mail after 5, text message", [("sms", 0), ("email", 300)]),
        ("email; Phone call in 30 s", [("email", 0), ("voice", 30)]),
        ("sms & voice immediately\nsms after 1 h", [("sms", 0), ("voice", 0), ("sms", 3600)]),
        ("sms, sms", [("sms", 0)]),
    ],
)
def test_a_sequence_is_read_as_people_say_it(text, steps):
    found = parse_sequence(text)
    assert [(step.kind, step.delay) for step in found] == steps
    assert parse_sequence(sequence_words(found)) == found


@pytest.mark.parametrize(
    "text", ["fax", "sms after", "after 2 min", "sms phone", "sms after x", "and"]
)
def test_a_sequence_that_makes_no_sense_is_refused_in_a_sentence(text):
    with pytest.raises(ValidationError) as refusal:
        parse_sequence(text)
    assert len(refusal.value.messages) == 1


# What makes a policy nonsense


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (policy(), "A policy needs at least one level."),
        (policy(*[level()] * 21), "A policy has 20 levels at most."),
        (policy(level(), repeat_rounds=21), "A policy repeats 20 times at most."),
        (policy(level(), acknowledgement_timeout=9), TIMEOUT),
        (policy(level(), acknowledgement_timeout=604_801), TIMEOUT),
        (policy(level("user")), "Level 1: it names nobody; choose the person."),
        (policy(level(), level("group")), "Level 2: it names nobody; choose the other group."),
        (policy(level(times=0)), "Level 1: it notifies 1 to 20 times."),
        (policy(level(times=2, interval=0)), INTERVAL),
        (policy(level(wait=86_401)), "Level 1: it waits a day at most."),
        (policy(level(wait=0), repeat_rounds=1), AT_ONCE),
    ],
)
def test_each_nonsense_has_its_sentence(plan, sentence):
    assert problems(plan) == [sentence]


def test_a_policy_that_makes_sense_has_none():
    assert problems(CHAIN) == []
