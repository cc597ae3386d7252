"""The version fence: only code of the version the database belongs to works the engine.

During a roll-out two releases run against one database. Most migrations leave the older one able
to work, and then both may. One that does not raises ENGINE in the same commit: as soon as it has
been applied, loops of older code end within a heartbeat and start no more, and newer code that
came before its migrations waits for them. Pages and the API go on either way, and so does what has
been handed to a sender already.

A fence must not become a silence: while the rightful release shows no sign of life for PATIENCE
(its hosts never came up, or it was taken back without a word), the other one works a loop in its
place, and gives it up as soon as the rightful one asks. `loops` holds that rule, in one statement.
"""

from django.db import connection, transaction

ENGINE = 1
"""Raise it together with a migration that the release before this one cannot work with."""
PATIENCE = 60.0
"""Seconds of silence after which a page by the wrong release is better than none."""
IN_NEED = (
    "the release that this database belongs to shows no sign of life, so this other one pages in "
    "its place. Start that release, or run: manage.py adopt --yes"
)


def version() -> int | None:
    """The version the database belongs to; None before the first migration has said so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT engine_version FROM alertops_house")
        row = cursor.fetchone()
    return row[0] if row else None


def sentence() -> str:
    """Why this process may not work the engine; "" when it may."""
    theirs = version()
    if theirs is None or theirs == ENGINE:
        return ""
    what = "Start the newer release here" if theirs > ENGINE else "Apply the migrations"
    return (
        f"This is version {ENGINE} of the engine and the database belongs to version {theirs}, "
        f"whose hosts do the paging. {what}."
    )


@transaction.atomic
def claim() -> None:
    """After migrating: the database belongs to this version, unless a later one has it already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO alertops_house AS h (id, engine_version, engine_since, public_url, place,
                held_reason, token)
            VALUES (1, %s, clock_timestamp(), '', '', '', gen_random_uuid()::text)
            ON CONFLICT (id) DO UPDATE
            SET engine_version = excluded.engine_version, engine_since = excluded.engine_since
            WHERE h.engine_version < excluded.engine_version
            """,
            [ENGINE],
        )
        cursor.execute("UPDATE alertops_house SET token = gen_random_uuid()::text WHERE token = ''")
