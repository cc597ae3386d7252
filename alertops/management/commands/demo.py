"""`manage.py demo`: fill an empty database with the story of the Basic Concepts."""

import json
import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from alertops import clock, demo
from alertops.demo_facts import ADMIN_EMAIL
from integrations.samples import firing

HINTS = settings.VAR_DIR / "demo.json"


class Command(BaseCommand):
    help = "Fills an empty database with demo data, and says how to sign in and raise an alert."

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.is_empty():
            logging.getLogger("escalation").setLevel(logging.ERROR)  # the past needs no console
            story = demo.seed(clock.now())
            HINTS.touch(mode=0o600)
            HINTS.write_text(json.dumps({"password": story.password, "key": story.datadog_key}))
        if not HINTS.exists():
            self.stdout.write("The database is not empty: no demo data were added.")
            return
        hints = json.loads(HINTS.read_text(encoding="utf-8"))
        payload = json.dumps(firing("datadog")["payload"], ensure_ascii=True)
        self.stdout.write(
            f"\nDemo: sign in at {settings.PUBLIC_URL}/ as {ADMIN_EMAIL}, password"
            f" {hints['password']}\n"
            f"(everybody else, such as priya@example.com, has the same password).\n"
        )
        if settings.OUTBOX_ONLY:
            self.stdout.write(
                f"Messages stay here: read them at {settings.PUBLIC_URL}/outbox/ (OUTBOX_ONLY=no"
                " sends them).\n"
            )
        self.stdout.write(
            "\nRaise an alert and watch it page Priya:\n\n"
            f"  curl -H 'Content-Type: application/json' \\\n"
            f"    {settings.PUBLIC_URL}/integrations/{hints['key']}/ \\\n"
            f"    -d '{payload}'\n"
        )
