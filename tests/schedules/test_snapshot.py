"""A change made during the very look-up is seen whole or not at all."""

from threading import Event, Thread

import pytest
from django.db import connection, transaction

from schedules import oncall
from schedules.models import Rotation
from tests.schedules.rows import NOW, calendar, cover, person, team, turns

ROUNDS = 300


@pytest.mark.django_db(transaction=True)
def test_an_edit_in_the_middle_of_a_look_up_is_never_seen_by_half() -> None:
    ann, ben = person("Ann"), person("Ben")
    group = team(ann, ben)
    schedule = calendar(group)
    line: Rotation = turns(schedule, ann)
    place, member = line.members.get(), {m.user_id: m for m in group.members.all()}
    done = Event()

    def edit() -> None:
        """Give Ben the turn and Ann the cover, and back: Ann is on call throughout."""
        try:
            while not done.is_set():
                with transaction.atomic():
                    line.members.filter(pk=place.pk).update(user=ben, member=member[ben.pk])
                    override = cover(schedule, ann, replaces=ben)
                with transaction.atomic():
                    override.delete()
                    line.members.filter(pk=place.pk).update(user=ann, member=member[ann.pk])
        finally:
            connection.close()

    editor = Thread(target=edit)
    editor.start()
    try:
        seen = {oncall.on_call([group.pk], NOW)[group.pk].primary for _ in range(ROUNDS)}
        reasons = {oncall.on_call([group.pk], NOW)[group.pk].source for _ in range(ROUNDS)}
    finally:
        done.set()
        editor.join()
    assert seen == {(ann.pk,)}
    assert len(reasons) == 2, "the race did not happen"
