"""A group, somebody who may edit it, a member, and a token for each."""

from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User
from alertops import clock
from groups.models import Group, Member


@pytest.fixture
def payments(db: None) -> Group:
    return Group.objects.create(name="Payments", slug="payments", visibility="members")


def _person(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name.lower()}@example.com", name=name, **fields)


@pytest.fixture
def ada(db: None) -> User:
    return _person("Ada", roles=["app_admin"])


@pytest.fixture
def edith(payments: Group) -> User:
    user = _person("Edith")
    Member.objects.create(group=payments, user=user, sequence=1, is_manager=True, can_edit=True)
    return user


@pytest.fixture
def max_(payments: Group) -> User:
    user = _person("Max")
    Member.objects.create(group=payments, user=user, sequence=2, is_primary=True)
    return user


@pytest.fixture
def stella(db: None) -> User:
    return _person("Stella", roles=["stakeholder"])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def bearer(user: User, *scopes: str) -> Client:
    """A program with a token of this person."""
    now = clock.now()
    _, raw = tokens.create(user, name="t", scopes=scopes or ["write"], actor=user, now=now)
    return Client(headers={"Authorization": f"Bearer {raw}"})
