"""Alice, Bob and Carol are Payments; Mallory is somebody else's."""

import json

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User
from alertops import clock
from groups.models import Group
from schedules.models import Schedule
from tests.schedules import rows


@pytest.fixture
def frozen():
    clock.freeze(rows.NOW)
    yield rows.NOW
    clock.release()


@pytest.fixture
def ann(db: None) -> User:
    return rows.person("Ann")


@pytest.fixture
def ben(db: None) -> User:
    return rows.person("Ben")


@pytest.fixture
def cleo(db: None) -> User:
    return rows.person("Cleo")


@pytest.fixture
def stranger(db: None) -> User:
    return rows.person("Mallory")


@pytest.fixture
def admin(db: None) -> User:
    return rows.person("Ada", roles=["owner"])


@pytest.fixture
def group(ann: User, ben: User, cleo: User) -> Group:
    return rows.team(ann, ben, cleo, visibility="members")


@pytest.fixture
def schedule(group: Group) -> Schedule:
    return rows.calendar(group)


@pytest.fixture
def clock_at():
    """Moves the clock; gives back the instant."""

    def move(at):
        clock.freeze(at)
        return at

    yield move
    clock.release()


@pytest.fixture
def call(admin):
    """Calls with a token of somebody; answers (status, body)."""

    def made(user: User, method: str, path: str, body: object = None) -> tuple[int, object]:
        _, raw = tokens.create(user, name="t", scopes=["read", "write"], actor=None, now=rows.NOW)
        response = Client().generic(
            method.upper(),
            f"/api/v1/{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {raw}"},
        )
        return response.status_code, response.json() if response.content else None

    return made
