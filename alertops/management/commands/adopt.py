"""`manage.py adopt`: page from a database that was taken for a copy of another installation's."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from alertops import clock, fence, identity
from alertops.models import House
from alerts.models import Alert
from escalation.models import Notification


class Command(BaseCommand):
    help = "Makes this database this installation's own; what is due is sent from it at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it; otherwise only say what")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        now = clock.now()
        house = House.objects.first()
        if house is None:
            raise CommandError("The database has not been prepared yet: run serve, or migrate.")
        found = identity.here()
        due = Alert.objects.due(now).count()
        unsent = Notification.objects.due(now).count()
        self.stdout.write(
            f"Last served as: {house.public_url or 'nobody'} ({house.place or 'nowhere'})\n"
            f"Here it is:     {found.public_url} ({found.place})\n"
            f"Engine version: {house.engine_version}, this code: {fence.ENGINE}\n"
            f"Held:           {house.held_reason or 'no'}\n"
            f"Due at once:    {due} alerts to look at, {unsent} notifications to send"
        )
        if not yes:
            self.stdout.write("\nNothing was changed. To page from here: manage.py adopt --yes")
            return
        identity.adopt(now)
        self.stdout.write(self.style.SUCCESS("Adopted: people are paged from this database."))
