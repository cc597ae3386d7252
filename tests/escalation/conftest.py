"""Payments: Alice, then Bob after 5 minutes, then Carol after 15. Mallory is of another team."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from escalation.models import Policy
from groups.models import Group
from tests import builders

FIVE_TEN = (
    {"target": "primary", "wait_seconds": 300},
    {"target": "secondary", "wait_seconds": 600},
    {"target": "manager", "wait_seconds": 600},
)


@pytest.fixture
def five_ten(db: None) -> Policy:
    return builders.policy(*(dict(level) for level in FIVE_TEN), name="Five, then fifteen")


@pytest.fixture
def payments(alice: User, bob: User, carol: User, five_ten: Policy) -> Group:
    return builders.group(
        primary=(alice,),
        secondary=(bob,),
        manager=(carol,),
        policy=five_ten,
        visibility="members",
    )


@pytest.fixture
def root(db: None) -> User:
    return builders.person("Root", roles=["app_admin"])


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def queries(call: Callable[[], Any]) -> int:
    """How many queries a call takes."""
    with CaptureQueriesContext(connection) as found:
        call()
    return len(found)
