"""Every tool we know, by kind. A literal registry: to add one, add its file and its line here."""

from integrations.mapping import Vendor
from integrations.vendors.alerta import alerta
from integrations.vendors.alertmanager import alertmanager
from integrations.vendors.appdynamics import appdynamics
from integrations.vendors.apprise import apprise
from integrations.vendors.argocd import argocd
from integrations.vendors.aws_eventbridge import aws_eventbridge
from integrations.vendors.azure_devops import azure_devops
from integrations.vendors.azure_monitor import azure_monitor
from integrations.vendors.betterstack import betterstack
from integrations.vendors.bitbucket import bitbucket
from integrations.vendors.bugsnag import bugsnag
from integrations.vendors.buildkite import buildkite
from integrations.vendors.checkly import checkly
from integrations.vendors.checkmk import checkmk
from integrations.vendors.circleci import circleci
from integrations.vendors.cloudflare import cloudflare
from integrations.vendors.cloudwatch import cloudwatch, forged
from integrations.vendors.coralogix import coralogix
from integrations.vendors.cronitor import cronitor
from integrations.vendors.crowdsec import crowdsec
from integrations.vendors.datadog import datadog
from integrations.vendors.deadmanssnitch import deadmanssnitch
from integrations.vendors.dynatrace import dynatrace
from integrations.vendors.elastalert import elastalert
from integrations.vendors.elastic import elastic
from integrations.vendors.email import email
from integrations.vendors.falco import falco
from integrations.vendors.flux import flux
from integrations.vendors.gatus import gatus
from integrations.vendors.generic import generic
from integrations.vendors.generic_form import generic_form
from integrations.vendors.generic_text import generic_text
from integrations.vendors.generic_xml import generic_xml
from integrations.vendors.github import github
from integrations.vendors.gitlab import gitlab
from integrations.vendors.glitchtip import glitchtip
from integrations.vendors.googlecloud import googlecloud
from integrations.vendors.grafana import grafana
from integrations.vendors.grafana_oncall import grafana_oncall
from integrations.vendors.graylog import graylog
from integrations.vendors.healthchecks import healthchecks
from integrations.vendors.hetrixtools import hetrixtools
from integrations.vendors.home_assistant import home_assistant
from integrations.vendors.honeybadger import honeybadger
from integrations.vendors.honeycomb import honeycomb
from integrations.vendors.hyperping import hyperping
from integrations.vendors.icinga import icinga
from integrations.vendors.ifttt import ifttt
from integrations.vendors.influxdb import influxdb
from integrations.vendors.instana import instana
from integrations.vendors.jenkins import jenkins
from integrations.vendors.jira import jira
from integrations.vendors.kapacitor import kapacitor
from integrations.vendors.librenms import librenms
from integrations.vendors.loggly import loggly
from integrations.vendors.logicmonitor import logicmonitor
from integrations.vendors.logzio import logzio
from integrations.vendors.mongodb import mongodb
from integrations.vendors.monit import monit
from integrations.vendors.nagios import nagios
from integrations.vendors.netdata import netdata
from integrations.vendors.newrelic import newrelic
from integrations.vendors.odown import odown
from integrations.vendors.ohdear import ohdear
from integrations.vendors.oncall import oncall
from integrations.vendors.openstatus import openstatus
from integrations.vendors.opsgenie import opsgenie
from integrations.vendors.oracle_cloud import oracle_cloud
from integrations.vendors.pagerduty import pagerduty
from integrations.vendors.papertrail import papertrail
from integrations.vendors.pingdom import pingdom
from integrations.vendors.prtg import prtg
from integrations.vendors.raygun import raygun
from integrations.vendors.riemann import riemann
from integrations.vendors.rollbar import rollbar
from integrations.vendors.scom import scom
from integrations.vendors.sensu import sensu
from integrations.vendors.sentry import sentry
from integrations.vendors.servicenow import servicenow
from integrations.vendors.signalfx import signalfx
from integrations.vendors.site24x7 import site24x7
from integrations.vendors.slack import slack
from integrations.vendors.solarwinds import solarwinds
from integrations.vendors.splunk import splunk
from integrations.vendors.statuscake import statuscake
from integrations.vendors.statuspage import statuspage
from integrations.vendors.sumologic import sumologic
from integrations.vendors.teams import teams
from integrations.vendors.thousandeyes import thousandeyes
from integrations.vendors.travis import travis
from integrations.vendors.updown import updown
from integrations.vendors.uptime_kuma import uptime_kuma
from integrations.vendors.uptimerobot import uptimerobot
from integrations.vendors.victoriametrics import victoriametrics
from integrations.vendors.victorops import victorops
from integrations.vendors.wazuh import wazuh
from integrations.vendors.zabbix import zabbix
from integrations.vendors.zendesk import zendesk

VENDORS: dict[str, Vendor] = {
    vendor.kind: vendor
    for vendor in (
        alerta,
        alertmanager,
        appdynamics,
        apprise,
        argocd,
        aws_eventbridge,
        azure_devops,
        azure_monitor,
        betterstack,
        bitbucket,
        bugsnag,
        buildkite,
        checkly,
        checkmk,
        circleci,
        cloudflare,
        cloudwatch,
        coralogix,
        cronitor,
        crowdsec,
        datadog,
        deadmanssnitch,
        dynatrace,
        elastalert,
        elastic,
        email,
        falco,
        flux,
        gatus,
        generic,
        generic_form,
        generic_text,
        generic_xml,
        github,
        gitlab,
        glitchtip,
        googlecloud,
        grafana,
        grafana_oncall,
        graylog,
        healthchecks,
        hetrixtools,
        home_assistant,
        honeybadger,
        honeycomb,
        hyperping,
        icinga,
        ifttt,
        influxdb,
        instana,
        jenkins,
        jira,
        kapacitor,
        librenms,
        loggly,
        logicmonitor,
        logzio,
        mongodb,
        monit,
        nagios,
        netdata,
        newrelic,
        odown,
        ohdear,
        openstatus,
        oracle_cloud,
        oncall,
        opsgenie,
        pagerduty,
        papertrail,
        pingdom,
        prtg,
        raygun,
        riemann,
        rollbar,
        scom,
        sensu,
        sentry,
        servicenow,
        signalfx,
        site24x7,
        slack,
        solarwinds,
        splunk,
        statuscake,
        statuspage,
        sumologic,
        teams,
        thousandeyes,
        travis,
        updown,
        uptime_kuma,
        uptimerobot,
        victoriametrics,
        victorops,
        wazuh,
        zabbix,
        zendesk,
    )
}
KINDS: list[tuple[str, str]] = [(vendor.kind, vendor.label) for vendor in VENDORS.values()]
DIALECTS: dict[str, Vendor] = {**VENDORS, forged.kind: forged}
"""How an event may have to be read, whatever its integration's kind."""


def may_read(kind: str) -> bool:
    """Whether the key of such an integration is a secret, and may ask about its alerts."""
    return kind not in VENDORS or not VENDORS[kind].is_known
