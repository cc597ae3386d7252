"""Other products' APIs, answered by us: a client changes its host name and its key, nothing else.

A literal registry: to add one, add its file and its line here. A file knows one product's
addresses, words and answers, and nobody else does.
"""

from django.urls import URLPattern

from integrations.dropins import alerta, alertmanager, oncall, opsgenie, pagerduty, victorops
from integrations.dropins.contract import Dialect, DropIn

DROPINS: tuple[DropIn, ...] = (
    alerta.dropin,
    alertmanager.dropin,
    oncall.dropin,
    opsgenie.dropin,
    pagerduty.dropin,
    victorops.dropin,
)

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dropin in DROPINS for dialect in dropin.dialects
}
URLS: list[URLPattern] = [url for dropin in DROPINS for url in dropin.urls]
