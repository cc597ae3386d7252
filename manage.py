#!/usr/bin/env python
"""Django's command line. Starts the embedded PostgreSQL for commands that need a database."""

import os
import sys
from contextlib import ExitStack

NO_DATABASE = {
    "--help",
    "--version",
    "check",
    "collectstatic",
    "help",
    "makemigrations",
    "spectacular",
    "version",
}
OWN_DATABASE = {"serve"}  # starts and watches it itself


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.db import connections

    from alertops import embedded_postgres

    with ExitStack() as stack:
        needed = set(sys.argv[1:2]) - NO_DATABASE - OWN_DATABASE
        if needed and settings.EMBEDDED_DATABASE:
            stack.enter_context(embedded_postgres.while_needed(settings.VAR_DIR))
            stack.callback(connections.close_all)
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
