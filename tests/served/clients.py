"""Clients of the field, pointed at a served house by nothing but its address and a key: libraries,
and for products that have none the words their own agents send.
"""

import json
from pathlib import Path
from typing import Any

import apprise
import opsgenie_sdk
import pagerduty
import pdpyras
from alertaclient.api import Client as AlertaClient
from apprise.plugins.splunk import NotifySplunk

from tests.served.house import Served

FAILURE, SUCCESS = apprise.NotifyType.FAILURE, apprise.NotifyType.SUCCESS
NOTICED = apprise.NotifyType.WARNING


class Client:
    """Tells of one alert, the same again if asked; that somebody looks; and that it is over."""

    acknowledges = True
    """Whether the protocol has a word for it."""
    title = "Disk full"

    def __init__(self, house: Served, name: str, folder: Path) -> None:
        self.house, self.folder, self.key = house, folder, house.scene.keys[name]
        self.start()

    def start(self) -> None:
        pass

    def fire(self) -> None:
        raise NotImplementedError

    def acknowledge(self) -> None:
        raise NotImplementedError

    def resolve(self) -> None:
        raise NotImplementedError

    def post(self, path: str, said: dict[str, Any], status: int = 200) -> None:
        """One request of an agent that has no client of its own."""
        headers = {"Content-Type": "application/json"}
        answered, body = self.house.ask("POST", path, json.dumps(said), headers)
        assert answered == status, body


class PagerDuty(Client):
    def start(self) -> None:
        self.events = pagerduty.EventsApiV2Client(self.key)
        self.events._url = self.house.url  # it would have https, which a house has from a proxy

    def fire(self) -> None:
        self.events.trigger("Disk full", "db-1", dedup_key="db-1/disk", severity="critical")

    def acknowledge(self) -> None:
        self.events.acknowledge("db-1/disk")

    def resolve(self) -> None:
        self.events.resolve("db-1/disk")


class PdPyras(PagerDuty):
    def start(self) -> None:
        self.events = pdpyras.EventsAPISession(self.key)
        self.events.url = self.house.url


class PagerDutyV1(Client):
    """As PagerDuty's agent for Nagios sends what Nagios tells it."""

    title = "DISK CRITICAL"

    def _tell(self, event_type: str, state: str) -> None:
        said = {
            "agent": {"agent_id": "d9a4", "queued_at": "2026-03-02T03:00:00Z",
                      "queued_by": "pd-nagios"},
            "description": "DISK CRITICAL - free space: /var 312 MB (3%)",
            "details": {"CONTACTPAGER": "*", "HOSTNAME": "db-1", "NOTIFICATIONTYPE": "PROBLEM",
                        "SERVICEDESC": "Disk /var", "SERVICESTATE": state, "pd_nagios_object":
                        "service"},
            "event_type": event_type,
            "incident_key": "event_source=service;host_name=db-1;service_desc=Disk /var",
            "service_key": self.key,
        }  # fmt: skip
        self.post("/generic/2010-04-15/create_event.json", said)

    def fire(self) -> None:
        self._tell("trigger", "CRITICAL")

    def acknowledge(self) -> None:
        self._tell("acknowledge", "CRITICAL")

    def resolve(self) -> None:
        self._tell("resolve", "OK")


class Opsgenie(Client):
    def start(self) -> None:
        configuration = opsgenie_sdk.Configuration()
        configuration.host = self.house.url
        configuration.api_key = {"Authorization": self.key}  # its default is shared by all
        configuration.retry_enabled = False
        speaks = opsgenie_sdk.ApiClient(configuration)
        self.alerts = opsgenie_sdk.AlertApi(speaks)
        self.heartbeats = opsgenie_sdk.HeartbeatApi(speaks)

    def fire(self) -> None:
        payload = opsgenie_sdk.CreateAlertPayload(
            message="Disk full", alias="db-1/disk", priority="P1"
        )
        self.alerts.create_alert(create_alert_payload=payload)

    def acknowledge(self) -> None:
        self.alerts.acknowledge_alert(identifier="db-1/disk", identifier_type="alias")

    def resolve(self) -> None:
        [open_one] = self.alerts.list_alerts(query="status:open").data
        self.alerts.close_alert(identifier=open_one.id)


class Apprise(Client):
    """Its own webhook: a failure opens, a success closes, nothing acknowledges."""

    acknowledges = False
    address = "json://{host}/integrations/{key}/?:dedup_key=db-1/disk"

    def start(self) -> None:
        self.voice = apprise.Apprise()
        host = self.house.url.removeprefix("http://")
        assert self.voice.add(self.address.format(host=host, key=self.key))
        for service in self.voice:
            service.request_rate_per_sec = 0  # it would wait for seconds between two

    def _tell(self, kind: apprise.NotifyType) -> None:
        assert self.voice.notify(title="Disk full", body="Nothing left", notify_type=kind)

    def fire(self) -> None:
        self._tell(FAILURE)

    def acknowledge(self) -> None:
        self._tell(NOTICED)

    def resolve(self) -> None:
        self._tell(SUCCESS)


class AppriseAtPagerDuty(Apprise):
    address = "pagerduty://{key}@unused/db-1/disk?action=map&dedup=db-1/disk"


class AppriseAtOpsgenie(Apprise):
    """It acknowledges where it is told which of its types means that."""

    acknowledges = True
    address = "opsgenie://{key}?alias=db-1/disk&action=map&:warning=acknowledge"


class AppriseAtVictorOps(Apprise):
    acknowledges = True

    def start(self) -> None:
        self.plugins = {}
        for kind, action in (
            (FAILURE, "critical"), (NOTICED, "acknowledgement"), (SUCCESS, "resolve"),
        ):  # fmt: skip
            plugin = NotifySplunk(
                apikey=self.key, routing_key="ops", entity_id="Disk full", action=action
            )
            where = f"{self.house.url}/integrations/generic/20131114/alert"
            plugin.notify_url = f"{where}/{{apikey}}/{{routing_key}}"
            plugin.request_rate_per_sec = 0
            self.plugins[kind] = plugin

    def _tell(self, kind: apprise.NotifyType) -> None:
        assert self.plugins[kind].send("Nothing left", title="Disk full")


class Alerta(Client):
    def start(self) -> None:
        self.api = AlertaClient(f"{self.house.url}/api", key=self.key)
        self.name = ""

    def fire(self) -> None:
        self.name, _, _ = self.api.send_alert(
            "db-1", "Disk full", environment="Production", severity="critical", service=["shop"]
        )

    def acknowledge(self) -> None:
        self.api.action(self.name, "ack", text="on it")

    def resolve(self) -> None:
        self.api.action(self.name, "close")


class OnCall(Client):
    """What Grafana OnCall's formatted webhook takes."""

    def _tell(self, state: str) -> None:
        said = {"alert_uid": "08d6891a", "title": "Disk full", "state": state, "message": "3 %"}
        self.post(f"/integrations/v1/formatted_webhook/{self.key}/", said)

    def fire(self) -> None:
        self._tell("alerting")

    def acknowledge(self) -> None:
        self._tell("acknowledged")

    def resolve(self) -> None:
        self._tell("ok")


class VictorOps(Client):
    """As VictorOps' own plugin for Nagios sends."""

    def _tell(self, message_type: str) -> None:
        said = {
            "message_type": message_type, "entity_id": "db-1/Disk /var", "host_name": "db-1",
            "entity_display_name": "Disk full", "monitoring_tool": "nagios",
            "state_message": "DISK CRITICAL - free space: /var 312 MB", "ack_author": "neo",
        }  # fmt: skip
        self.post(f"/integrations/generic/20131114/alert/{self.key}/database", said)

    def fire(self) -> None:
        self._tell("CRITICAL")

    def acknowledge(self) -> None:
        self._tell("ACKNOWLEDGEMENT")

    def resolve(self) -> None:
        self._tell("RECOVERY")
