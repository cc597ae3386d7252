"""Every tool we know, by kind. A literal registry: to add one, add its file and its line here."""

from integrations.mapping import Vendor
from integrations.vendors.alertmanager import alertmanager
from integrations.vendors.appdynamics import appdynamics
from integrations.vendors.azure_devops import azure_devops
from integrations.vendors.azure_monitor import azure_monitor
from integrations.vendors.betterstack import betterstack
from integrations.vendors.bitbucket import bitbucket
from integrations.vendors.bugsnag import bugsnag
from integrations.vendors.checkly import checkly
from integrations.vendors.checkmk import checkmk
from integrations.vendors.circleci import circleci
from integrations.vendors.coralogix import coralogix
from integrations.vendors.cronitor import cronitor
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
        appdynamics,
        azure_devops,
        azure_monitor,
        betterstack,
        bitbucket,
        bugsnag,
        checkly,
        checkmk,
        circleci,
        coralogix,
        cronitor,
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
