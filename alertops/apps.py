"""The wiring as a Django app: its commands, its model, its checks."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from alertops import clock


class AlertOpsConfig(AppConfig):
    name = "alertops"
    verbose_name = "Engine"

    def ready(self) -> None:
        import_module("alertops.checks")
        import_module("alertops.mail_events").connect()
        import_module("alertops.mail_webhooks").connect()
        # The last app of all: every table is there when its migrations have been applied.
        post_migrate.connect(_wind_up, sender=apps.get_app_config("incidents"))


def _wind_up(**kwargs: Any) -> None:
    """After migrating: the database is this version's, the clockwork's rows are its table's."""
    import_module("alertops.fence").claim()
    clockwork = import_module("alertops.clockwork")
    clockwork.ensure_schedules(clock.now())
