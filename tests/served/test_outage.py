"""PostgreSQL dies under the served house: whoever asks meanwhile is told to come back."""

import os
import signal
import time

from tests.served.house import Served, until

DOORS = ("/accounts/login/", "/a/no-link-of-ours/", "/api/v1/alerts/", "/api/v1/events/1/")


def test_nobody_sees_an_error_of_ours_while_the_database_restarts(served: Served) -> None:
    until(served.green)
    login = {"Authorization": f"Bearer {served.scene.token}"}
    asked: list[tuple[str, int]] = []
    for _ in range(2):
        (postmaster,) = until(served.postmaster)
        os.kill(postmaster, signal.SIGQUIT)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            asked += [(door, served.ask("GET", door, headers=login)[0]) for door in DOORS]
        until(served.green, 30)
    broken = [(door, status) for door, status in asked if status >= 500 and status != 503]
    assert not broken, broken[:10]
    assert {status for _, status in asked} & {200, 404}
    served.new_errors()  # a database that dies is one, and was this test's doing
    # django-q's parts notice one by one, its scheduler half a minute later, and are replaced.
    served.excuse("the connection is closed", "after sudden death", seconds=60)
