"""The plan is pure: policies, rosters and positions in, steps out. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalation.plan import (
    Aim,
    Answer,
    ChannelStep,
    LevelPlan,
    PolicyPlan,
    Position,
    Recipient,
    Roster,
    last_level,
    next_level,
    next_step,
    plan,
)
from escalation.reach import Method, Person, Rule, next_method, reach

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def roster(**people: int | tuple[int, ...]) -> Roster:
    def ask(aim: Aim) -> Answer:
        ids = people.get(aim.kind, ())
        ids = (ids,) if isinstance(ids, int) else ids
        return Answer(tuple(Recipient("user", pk) for pk in ids))

    return ask


def levels(*kinds: str, **fields: int) -> tuple[LevelPlan, ...]:
    return tuple(LevelPlan(Aim(kind), **fields) for kind in kinds)  # type: ignore[arg-type]


def who(policy: PolicyPlan, ask: Roster) -> list[tuple[int, list[int]]]:
    """(minutes after the start, person ids) of every step."""
    return [
        (int((step.at - START) / timedelta(minutes=1)), [one.id for one in step.step.recipients])
        for step in plan(policy, lambda at: ask, Position(), START)
    ]


def test_each_level_waits_its_time_and_the_end_comes_after_the_last() -> None:
    policy = PolicyPlan("p", levels("primary", "secondary", "manager"))
    ask = roster(primary=1, secondary=2, manager=3)
    assert who(policy, ask) == [(0, [1]), (5, [2]), (10, [3]), (15, [])]


def test_an_empty_level_takes_no_time() -> None:
    policy = PolicyPlan("p", levels("primary", "secondary", "manager"))
    assert who(policy, roster(primary=1, manager=3)) == [(0, [1]), (5, [3]), (10, [])]


def test_whoever_goes_together_with_an_empty_level_is_not_paged_by_all_rounds_at_once() -> None:
    at_once, later = levels("primary", wait=0), levels("secondary", wait=600)
    policy = PolicyPlan("p", at_once + later, repeat_rounds=1)
    assert who(policy, roster(primary=1)) == [(0, [1]), (10, [1]), (20, [])]
    assert who(policy, roster(primary=1, secondary=2))[:3] == [(0, [1]), (0, [2]), (10, [1])]
    policy = PolicyPlan("p", later + at_once, repeat_rounds=1)
    assert who(policy, roster(primary=1)) == [(0, [1]), (10, [1]), (20, [])]
    policy = PolicyPlan("p", at_once, repeat_rounds=2)
    assert who(policy, roster(primary=1)) == [(0, [1]), (5, [1]), (10, [1]), (10, [])]
    policy = PolicyPlan("p", at_once)
    assert who(policy, roster(primary=1)) == [(0, [1]), (0, [])], "as the policy says"


def test_when_everybody_is_away_the_end_is_at_once_however_many_rounds() -> None:
    policy = PolicyPlan("p", levels("primary", "secondary"), repeat_rounds=9)
    [only] = plan(policy, lambda at: roster(), Position(), START)
    assert only.step.is_end
    assert len(only.step.skipped) == 2


def test_six_notifications_five_minutes_apart_then_the_next() -> None:
    policy = PolicyPlan("p", levels("primary", "secondary", times=6, interval=300, wait=300))
    steps = who(policy, roster(primary=1, secondary=2))
    assert [minute for minute, ids in steps if ids == [1]] == [0, 5, 10, 15, 20, 25]
    assert steps[6] == (30, [2])


def test_waits_between_members_and_between_levels_are_two_different_waits() -> None:
    policy = PolicyPlan("p", levels("primary", "manager", member_wait=60, wait=600))
    ask = roster(primary=(1, 2, 3), manager=9)
    assert who(policy, ask) == [(0, [1]), (1, [2]), (2, [3]), (12, [9]), (22, [])]


def test_a_level_that_begins_has_told_nobody_whatever_stands_there() -> None:
    policy = PolicyPlan("p", levels("primary", member_wait=60))
    step = next_step(policy, roster(primary=(1, 2)), Position(told=(1, 2)))
    assert [one.id for one in step.recipients] == [1]
    assert (step.then, step.then.told) == (Position(0, 0, 1), (1,))


def test_a_level_that_names_several_at_once_pages_them_together() -> None:
    policy = PolicyPlan("p", levels("primary"))
    assert who(policy, roster(primary=(1, 2)))[0] == (0, [1, 2])


def test_escalating_leaves_a_level_that_has_begun_and_fires_one_that_waits() -> None:
    assert next_level(Position(0, 1, 0, 2)) == Position(0, 2)
    assert next_level(Position(0, 1)) == Position(0, 1)


def test_the_level_notified_last_is_found_again_across_rounds() -> None:
    policy = PolicyPlan("p", levels("primary", "manager"), repeat_rounds=1)
    assert last_level(policy, Position(0, 1)) == Position(0, 0)
    assert last_level(policy, Position(1, 0)) == Position(0, 1)
    assert last_level(policy, Position(0, 1, 2, 0)) == Position(0, 1)
    assert last_level(policy, Position()) == Position()


def test_a_policy_survives_being_frozen() -> None:
    level = LevelPlan(Aim("user", 7), 2, 60, 30, 90, (ChannelStep("sms", 0),))
    policy = PolicyPlan("p", (level,), "policy", 3, 900)
    assert PolicyPlan.from_json(policy.to_json()) == policy


kinds = st.sampled_from(["primary", "secondary", "manager", "everyone"])
some_levels = st.lists(
    st.builds(
        LevelPlan,
        st.builds(Aim, kinds),
        st.integers(1, 4),
        st.integers(1, 600),
        st.sampled_from([0, 60]),
        st.integers(0, 900),
    ),
    max_size=5,
)
rosters = st.dictionaries(kinds, st.lists(st.integers(1, 9), max_size=4, unique=True).map(tuple))


@given(some_levels, st.integers(0, 3), rosters)
def test_every_plan_goes_forward_and_comes_to_an_end(
    some: list[LevelPlan], rounds: int, people: dict[str, tuple[int, ...]]
) -> None:
    policy, ask = PolicyPlan("p", tuple(some), repeat_rounds=rounds), roster(**people)
    steps = list(plan(policy, lambda at: ask, Position(), START, most=2000))
    assert steps[-1].step.is_end
    assert all(not step.step.is_end for step in steps[:-1])
    positions = [step.step.position for step in steps]
    order = [(p.round, p.level, p.member, p.send) for p in positions]
    assert order == sorted(order)
    assert len(set(order)) == len(order)
    assert [step.at for step in steps] == sorted(step.at for step in steps)


@given(some_levels, rosters, st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_any_position_leads_on_whatever_has_become_of_the_people(
    some: list[LevelPlan], people: dict[str, tuple[int, ...]], level: int, member: int, send: int
) -> None:
    policy = PolicyPlan("p", tuple(some), repeat_rounds=1)
    step = next_step(policy, roster(**people), Position(0, level, member, send))
    assert step.is_end or step.recipients


def alice(*channels: str, **rules: int) -> Person:
    methods = [Method(n, kind, kind in {"sms", "voice"}) for n, kind in enumerate(channels, 1)]
    own = [Rule(channels.index(kind) + 1, delay) for kind, delay in rules.items()]
    return Person(1, "Alice", methods=methods, rules={"high": own})


def test_a_persons_rules_are_followed() -> None:
    way = reach(
        alice("sms", "voice", sms=0, voice=180),
        urgency="high",
        notification_type="user",
        channels=(),
    )
    assert [(one.method.channel, one.delay) for one in way.deliveries] == [
        ("sms", 0),
        ("voice", 180),
    ]


def test_somebody_is_always_notified_at_once_by_something() -> None:
    way = reach(alice("email", "sms"), urgency="high", notification_type="user", channels=())
    assert (way.deliveries[0].method.channel, way.deliveries[0].delay) == ("sms", 0)
    assert way.no_immediate_rule


def test_low_urgency_falls_back_to_something_quiet() -> None:
    way = reach(alice("sms", "email"), urgency="low", notification_type="user", channels=())
    assert way.deliveries[0].method.channel == "email"


def test_the_next_method_is_a_loud_one_that_was_not_tried() -> None:
    person = alice("sms", "email", "voice")
    assert next_method(person, {1}).channel == "voice"  # type: ignore[union-attr]
    assert next_method(person, {1, 3}).channel == "email"  # type: ignore[union-attr]
    assert next_method(person, {1, 2, 3}) is None
