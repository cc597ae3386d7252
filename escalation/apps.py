"""This app as Django sees it."""

from importlib import import_module

from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "escalation"

    def ready(self) -> None:
        import_module("escalation.checks")
