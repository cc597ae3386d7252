"""Statements that are planned once: what was planned over few rows is planned again over many."""

import pytest
from django.db import connection

from alertops import loops, prepared

pytestmark = pytest.mark.django_db(transaction=True)

# Over an almost empty table this may read all of `grown` for each wish; with rows in it, it must
# look each of them up.
STATEMENT = """
SELECT count(*) FROM json_to_recordset(%s::json) AS w(id int) JOIN grown g ON g.id = w.id
"""
WISHES = "[" + ",".join(f'{{"id": {n}}}' for n in range(500)) + "]"


@pytest.fixture
def grown() -> None:
    """A table that was small when it was last looked at."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE grown (id int PRIMARY KEY, words text)")
        cursor.execute("ANALYZE grown")
    loops.set_session()
    _ask()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO grown SELECT n, repeat('x', 90) FROM generate_series(1, 30000) n"
        )


@pytest.fixture(autouse=True)
def _tidy() -> object:
    yield
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS grown")


def _ask() -> int:
    with prepared.cursor() as cursor:
        cursor.execute(STATEMENT, [WISHES])
        return int(cursor.fetchone()[0])


def _plan() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%%grown g%%'")
        name = cursor.fetchone()[0]
        cursor.execute(f"EXPLAIN EXECUTE \"{name}\"('{WISHES}')")
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.usefixtures("grown")
def test_a_statement_that_was_slow_is_planned_again_for_the_table_as_it_has_become() -> None:
    before = _plan()
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [2 * prepared.SLOW])
    assert _plan() == before  # planned again when it is used next, not before
    assert _ask() == 499
    assert _plan() != before
    assert "Index Cond: (id = w.id)" in _plan()


@pytest.mark.usefixtures("grown")
def test_what_is_quick_keeps_its_plan_and_a_storm_does_not_plan_without_end() -> None:
    before = _plan()
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [0])
    assert _plan() == before
    for _ in range(3):
        with prepared.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [2 * prepared.SLOW])
    plans = prepared._plans[connection.connection]
    assert not plans.doubted  # it has planned again less than REST ago
