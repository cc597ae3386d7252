"""The wiring as a Django app: its commands, its model, its checks."""

from importlib import import_module

from django.apps import AppConfig


class AlertOpsConfig(AppConfig):
    name = "alertops"
    verbose_name = "Engine"

    def ready(self) -> None:
        import_module("alertops.checks")
