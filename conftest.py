"""Tests run on the embedded PostgreSQL unless DATABASE_URL names another; it is stopped afterwards
if the tests started it."""

from contextlib import ExitStack

import pytest
from django.conf import settings

from alertops import embedded_postgres

_house = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if settings.EMBEDDED_DATABASE and not hasattr(config, "workerinput"):
        _house.enter_context(embedded_postgres.while_needed(settings.VAR_DIR))


def pytest_unconfigure(config: pytest.Config) -> None:
    _house.close()
