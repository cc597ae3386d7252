"""Scheduling as a Django app: its checks, and its word against switching off who is on call."""

from importlib import import_module

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    name = "schedules"

    def ready(self) -> None:
        import_module("schedules.checks")
        import_module("schedules.guards")
