"""Scheduling as a Django app: its checks, its word against switching off who is on call, and its
ear for people who come and go."""

from importlib import import_module

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    name = "schedules"

    def ready(self) -> None:
        import_module("schedules.checks")
        import_module("schedules.guards")
        import_module("schedules.watch")
