"""`manage.py serve`: the production entry. `serve web|worker|watchdog|mail` starts one of
them."""

import importlib
import logging
import math
import time
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import OperationalError, connection, connections

from accounts.channels import CHANNELS
from alertops import (
    clock,
    embedded_place,
    embedded_postgres,
    identity,
    mailbox,
    static,
    watchdog,
    web,
    worker,
)
from alertops.embedded_place import Unavailable
from alertops.supervisor import AlreadyRunning, Child, Supervisor

logger = logging.getLogger(__name__)

MIGRATION_LOCK = 7310431
PATIENCE = {"watchdog": watchdog.PATIENCE}
MAINS = {"web": web.main, "worker": worker.main, "watchdog": watchdog.main, "mail": mailbox.main}


def _usual() -> list[str]:
    """Everything, the mail listener where it has a port."""
    return [name for name in MAINS if name != "mail" or settings.EMAIL_IN_PORT]


class Command(BaseCommand):
    help = "Migrates, then serves the web pages, the django-q2 cluster, the watchdog and mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("only", nargs="?", choices=sorted(MAINS), help="start only this one")
        parser.add_argument("--demo", action="store_true", help="fill an empty database first")

    def handle(self, *args: Any, only: str | None, demo: bool, **options: Any) -> None:
        names = [only] if only else _usual()
        supervisor = Supervisor(
            run_dir=settings.VAR_DIR / "run",
            children=[
                Child(name, MAINS[name], patience=PATIENCE.get(name, math.inf)) for name in names
            ],
            look=watch_database,
        )
        try:
            supervisor.claim()
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        if "web" in names and not web.port_is_free():
            raise CommandError(f"Port {settings.PORT} is in use: stop what uses it, or set PORT.")
        try:
            if settings.EMBEDDED_DATABASE:
                embedded_postgres.ensure_running(settings.VAR_DIR)
            if supervisor.once("setup", partial(set_up, demo=demo)):
                preload(names)
                self.stdout.write(
                    self.style.SUCCESS(
                        f"Serving {', '.join(names)} at {settings.PUBLIC_URL} - Ctrl-C stops."
                    )
                )
                watchdog.house_opened = time.monotonic()
                supervisor.run()
            elif not supervisor.stops:
                raise CommandError("The database could not be prepared; the reason stands above.")
        except Unavailable as error:
            raise CommandError(str(error)) from error
        finally:
            stop_database()


def set_up(*, demo: bool) -> None:
    """Wait for the database, migrate (one host at a time), see that it is ours, collect the static
    files."""
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            break
        except OperationalError as error:
            logger.warning("Waiting for the database: %s", str(error).strip().splitlines()[0])
            connection.close()
            time.sleep(1.0)
    call_command("migrate", interactive=False, verbosity=0)
    identity.settle(clock.now())
    static.collect()
    if demo and "demo" in get_commands():
        call_command("demo")
    connections.close_all()


def preload(names: list[str]) -> None:
    """Load the code of the children now: what is loaded before they are forked, they share."""
    importlib.import_module("alertops.clockwork")
    for channel in CHANNELS.values():
        if not settings.OUTBOX_ONLY and not channel.configured():
            channel.prepare()  # the first page must not wait for a library
    if "web" in names:
        importlib.import_module("alertops.wsgi")
        importlib.import_module(settings.ROOT_URLCONF)
    connections.close_all()


def watch_database() -> None:
    """Start the embedded PostgreSQL again when it died."""
    if not settings.EMBEDDED_DATABASE or embedded_postgres.is_up(settings.VAR_DIR):
        return
    logger.error("The embedded PostgreSQL is down; starting it again")
    try:
        embedded_postgres.ensure_running(settings.VAR_DIR)
    except Unavailable as error:
        logger.error("%s", error)


def stop_database() -> None:
    """Stop the embedded PostgreSQL unless somebody else is using it."""
    if not settings.EMBEDDED_DATABASE:
        return
    place = embedded_place.find(settings.VAR_DIR)
    if embedded_postgres.is_ready(place) and not embedded_postgres.is_used(place):
        embedded_postgres.stop(place, patience=2.0)
