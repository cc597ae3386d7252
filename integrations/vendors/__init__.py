"""Every tool we know, by kind. A literal registry: to add one, add its file and its line here."""

from integrations.mapping import Vendor
from integrations.vendors.alertmanager import alertmanager
from integrations.vendors.datadog import datadog
from integrations.vendors.generic import generic
from integrations.vendors.grafana import grafana
from integrations.vendors.monit import monit
from integrations.vendors.nagios import nagios
from integrations.vendors.netdata import netdata
from integrations.vendors.newrelic import newrelic
from integrations.vendors.pagerduty import pagerduty

VENDORS: dict[str, Vendor] = {
    vendor.kind: vendor
    for vendor in (
        alertmanager,
        datadog,
        generic,
        grafana,
        monit,
        nagios,
        netdata,
        newrelic,
        pagerduty,
    )
}
KINDS: list[tuple[str, str]] = [(vendor.kind, vendor.label) for vendor in VENDORS.values()]
