"""The wiring as a Django app: its commands, its model, its checks."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from alertops import clock


class AlertOpsConfig(AppConfig):
    name = "alertops"
    verbose_name = "Engine"

    def ready(self) -> None:
        import_module("alertops.checks")
        import_module("alertops.mail_events").connect()
        import_module("alertops.mail_webhooks").connect()
        connection_created.connect(import_module("alertops.loops").limit)
        # The last app of all that has models: every table is there when its turn has come. (For
        # an app without models Django never says that it has been migrated.)
        last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
        post_migrate.connect(_wind_up, sender=last)


def _wind_up(**kwargs: Any) -> None:
    """After migrating: the database is this version's, the clockwork's rows are its table's."""
    import_module("alertops.fence").claim()
    clockwork = import_module("alertops.clockwork")
    clockwork.ensure_schedules(clock.now())
