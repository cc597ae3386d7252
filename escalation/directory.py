"""Live people for a batch of alerts: who is on call, who is reachable, in a fixed number of
queries.

Loaded afresh for every tick and never kept longer: an override made a moment ago counts. In a
storm the batches of one tick share what they learn, which is then a second old at most.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Set
from datetime import datetime

import orjson

from accounts.channels import CHANNELS
from accounts.models import User
from alertops import prepared
from escalation.plan import Aim, Answer, PolicyPlan, Recipient, Roster
from escalation.reach import Method, Person, Rule
from escalation.states import Target
from schedules.oncall import OnCall, on_call

# Written by hand: five queries of the ORM cost more than everything else the engine does for one
# alert. Only what is verified and not switched off is ever used, and mere Stakeholders are never
# paged.
_GROUPS = """
SELECT g.id,
    ARRAY(SELECT m.user_id FROM groups_member m JOIN accounts_user u ON u.id = m.user_id
          WHERE m.group_id = g.id AND NOT u.roles <@ ARRAY['stakeholder']::varchar[]
          ORDER BY m.sequence),
    (SELECT json_agg(json_build_array(c.id, c.kind) ORDER BY c.id)
     FROM groups_groupcontactmethod c
     WHERE c.group_id = g.id AND c.verified_at IS NOT NULL AND c.disabled_at IS NULL)::text
FROM groups_group g WHERE g.id = ANY(%s::bigint[])
"""
_PEOPLE = """
SELECT u.id, u.name, u.is_active,
    (SELECT json_agg(json_build_array(m.id, m.kind) ORDER BY m.id)
     FROM accounts_contactmethod m
     WHERE m.user_id = u.id AND m.verified_at IS NOT NULL AND m.disabled_at IS NULL)::text,
    (SELECT json_agg(json_build_array(r.urgency, r.contact_method_id, r.delay_seconds)
                     ORDER BY r.delay_seconds, r.position, r.id)
     FROM accounts_notificationrule r WHERE r.user_id = u.id)::text
FROM accounts_user u WHERE u.id = ANY(%s::bigint[])
"""

NO_IDS: frozenset[int] = frozenset()
NOBODY = OnCall(primary=(), secondary=(), manager=(), source="", has_schedule=False)


class Directory:
    """Answers `decide`'s questions about people as of one instant, `now`.

    It knows what it was told to `learn` and nothing else. Several threads may share one.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._on_call: dict[int, OnCall] = {}
        self._members: dict[int, list[int]] = {}
        self._contacts: dict[int, list[int]] = {}
        self._channels: dict[int, str] = {}
        self._people: dict[int, Person] = {}
        self._answers: dict[tuple[int | None, Aim], Answer] = {}
        self._admins: tuple[int, ...] | None = None
        self._learning = threading.Lock()

    def learn(
        self, groups: Set[int], policies: Iterable[PolicyPlan], people: Set[int] = NO_IDS
    ) -> None:
        """Load groups, the people and groups that policies name, and `people`; what is known
        already is not asked for again. Whoever returns from here finds all of it complete."""
        aims = {level.aim for policy in policies for level in policy.levels}
        named = {aim.id for aim in aims if aim.kind == Target.USER and aim.id is not None}
        other = {aim.id for aim in aims if aim.kind == Target.GROUP and aim.id is not None}
        with self._learning:
            self._load(groups | other, named | people)

    def roster(self, group_id: int | None) -> Roster:
        """Who answers for a level's aim in this group, reachable people only."""

        def ask(aim: Aim) -> Answer:
            if aim.kind == Target.CONTACT:
                own = self._contacts.get(group_id or 0, [])
                return Answer(tuple(Recipient("contact", pk) for pk in own))
            known = self._answers.get((group_id, aim))
            if known is None:
                known = self._answers[group_id, aim] = self._answering(aim, group_id)
            return known

        return ask

    def fallback(self, group_id: int | None) -> tuple[str, tuple[Recipient, ...]]:
        """Managers, else all members, else the group's contact address, else the App Admins."""
        if group_id is not None:
            for who, ids in (
                ("managers", self._roles(group_id).manager),
                ("members", tuple(self._members.get(group_id, ()))),
            ):
                if found := self._answer(ids).recipients:
                    return who, found
            if own := self._contacts.get(group_id):
                return "contact", tuple(Recipient("contact", pk) for pk in own)
        return "admins", self._answer(self.admins()).recipients

    def admins(self) -> tuple[int, ...]:
        if self._admins is None:
            admins = tuple(User.objects.admins().values_list("pk", flat=True))
            self.learn(set(), (), set(admins))
            self._admins = admins
        return self._admins

    def person(self, user_id: int) -> Person | None:
        return self._people.get(user_id)

    def contact_channel(self, contact_id: int) -> str:
        return self._channels[contact_id]

    def name(self, user_id: int) -> str:
        person = self._people.get(user_id)
        return person.name if person else "somebody who has left"

    def _roles(self, group_id: int | None) -> OnCall:
        return self._on_call.get(group_id or 0, NOBODY)

    def _answering(self, aim: Aim, group_id: int | None) -> Answer:
        if aim.kind != Target.GROUP:
            return self._answer(self._aimed_at(aim, group_id))
        other = self._roles(aim.id)
        before: tuple[int, ...] = ()
        for role in (other.primary, other.secondary, other.manager):
            found = self._answer((*before, *role))
            if found.recipients:
                return found
            before = (*before, *role)
        return self._answer(before)

    def _aimed_at(self, aim: Aim, group_id: int | None) -> tuple[int, ...]:
        roles = self._roles(group_id)
        match aim.kind:
            case Target.PRIMARY:
                return roles.primary
            case Target.SECONDARY:
                return roles.secondary
            case Target.MANAGER:
                return roles.manager
            case Target.EVERYONE:
                return tuple(self._members.get(group_id or 0, ()))
            case Target.USER:
                return (aim.id,) if aim.id else ()
            case _:
                return ()

    def _answer(self, user_ids: Iterable[int]) -> Answer:
        reachable: list[Recipient] = []
        left_out: list[tuple[int, str]] = []
        places: list[int] = []
        for place, pk in enumerate(dict.fromkeys(user_ids)):
            person = self._people.get(pk)
            if person is None or not person.is_active:
                left_out.append((pk, "inactive"))
            elif not person.methods:
                left_out.append((pk, "unreachable"))
            else:
                reachable.append(Recipient("user", pk))
                places.append(place)
        return Answer(tuple(reachable), tuple(left_out), tuple(places) if left_out else ())

    def _load(self, groups: Set[int], people: Set[int]) -> None:
        groups = groups - self._members.keys()
        if not groups:
            self._load_people(people)
            return
        duties = on_call(groups, self._now)
        with prepared.cursor() as cursor:
            cursor.execute(_GROUPS, [sorted(groups)])
            rows = cursor.fetchall()
        for roles in duties.values():
            people = people | roles.people
        self._load_people(people | {pk for _, members, _ in rows for pk in members})
        # Only now, when nothing can fail any more: a group known by halves would lose its page.
        self._on_call.update(duties)
        for group_id, members, contacts in rows:
            own = orjson.loads(contacts or "[]")
            self._channels.update(own)
            self._contacts[group_id] = [pk for pk, _ in own]
            self._members[group_id] = members

    def _load_people(self, ids: Set[int]) -> None:
        ids = ids - self._people.keys()
        if not ids:
            return
        with prepared.cursor() as cursor:
            cursor.execute(_PEOPLE, [sorted(ids)])
            for pk, name, is_active, methods, rules in cursor.fetchall():
                person = Person(pk, name, is_active)
                for method, kind in orjson.loads(methods or "[]"):
                    if kind in CHANNELS:
                        person.methods.append(Method(method, kind, CHANNELS[kind].loud))
                for urgency, method, delay in orjson.loads(rules or "[]"):
                    person.rules.setdefault(urgency, []).append(Rule(method, delay))
                self._people[pk] = person
