"""Every address of the drop-in APIs."""

from django.urls import URLPattern

from integrations.dropins import alertmanager, oncall, pagerduty, victorops
from integrations.dropins.alerta.urls import urls as alerta_urls
from integrations.dropins.opsgenie.urls import urls as opsgenie_urls

URLS: list[URLPattern] = [
    *alerta_urls,
    *alertmanager.urls,
    *oncall.urls,
    *opsgenie_urls,
    *pagerduty.urls,
    *victorops.urls,
]
