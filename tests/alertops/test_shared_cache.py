"""The cache that all processes share: sign-in attempts are counted once for the whole house."""

import threading
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alertops.shared_cache import SharedCache

pytestmark = pytest.mark.django_db


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM alertops_cache")
        return int(cursor.fetchone()[0])


def test_the_cache_of_the_house_is_the_shared_one() -> None:
    cache.set("anything", 1)
    assert SharedCache("", {}).get("anything") == 1


def test_what_was_set_is_there_until_its_time_is_over() -> None:
    cache.set("attempts", [1.5, 2.5], timeout=60)
    assert cache.get("attempts") == [1.5, 2.5]
    cache.set("attempts", [3.5], timeout=-1)
    assert cache.get("attempts", "none") == "none"


def test_nothing_else_than_json_can_be_kept() -> None:
    with pytest.raises(TypeError):
        cache.set("object", object())


def test_only_the_first_add_wins_until_its_time_is_over() -> None:
    assert cache.add("lock", True, timeout=60) is True
    assert cache.add("lock", True, timeout=60) is False
    cache.touch("lock", -1)
    assert cache.add("lock", True, timeout=60) is True
    assert cache.delete("lock") is True
    assert cache.get("lock") is None


def test_rows_that_are_over_go_with_the_next_write() -> None:
    for number in range(10):
        cache.add(f"old {number}", 1, timeout=-1)
    cache.set("new", 1)
    assert rows() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_adds_at_the_same_instant_one_wins() -> None:
    cache.clear()
    start, won = threading.Barrier(6), list[bool]()

    def race() -> None:
        start.wait()
        won.append(cache.add("race", True, timeout=60))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 5 + [True]
    cache.clear()


def test_guesses_at_one_process_count_at_the_others(settings: Any) -> None:
    """A process that has never seen the guesser asks the database, not its own memory."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_user("dora@example.com", "correct horse battery staple", name="Dora")
    for _ in range(5):
        form = {"login": "dora@example.com", "password": "wrong"}
        Client().post(reverse("account_login"), form)
    assert rows() > 0
    right = {"login": "dora@example.com", "password": "correct horse battery staple"}
    assert Client().post(reverse("account_login"), right).status_code != 302
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alertops_cache")
    assert Client().post(reverse("account_login"), right).status_code == 302
