"""Clients of the field that are programs, pointed at a served house like those of `clients`."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integrations import zabbix
from tests.served.clients import Client
from tests.served.house import MAIL_DOMAIN, Served
from tools.chaos_house import ROOT

_TERMINAL = {"TERM", "PS1"}  # with either, alerta's command line would read alerts from its input


def program(name: str, folder: str) -> str:
    """Where a program is. Tests fail without it: never a silent skip."""
    unpacked = ROOT / f".venv/{folder}/usr/bin/{name}"
    found = shutil.which(name) or (str(unpacked) if unpacked.is_file() else "")
    assert found, f"no {name}: python tools/install.py --system fetches it"
    return found


def run(*command: str, env: dict[str, str] | None = None) -> str:
    """Return what a program said. It must be content."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=env,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def swaks(house: Served, to: str, *options: str, sender: str = "nagios@mon.example.com") -> str:
    """Send one mail to a house."""
    return run(
        "perl", program("swaks", "swaks"), "--server", "127.0.0.1",
        "--port", str(house.mail_port), "--to", to, "--from", sender, "--h-From", sender,
        "--timeout", "10", *options,
    )  # fmt: skip


class AlertaByHand(Client):
    """Its command line, which ends what it opened by a better severity."""

    def _run(self, *words: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _TERMINAL}
        run(
            str(Path(sys.executable).with_name("alerta")), *words,
            env={**kept, "ALERTA_ENDPOINT": f"{self.house.url}/api", "ALERTA_API_KEY": self.key,
                 "ALERTA_CONF_FILE": "/nonexistent"},
        )  # fmt: skip

    def _send(self, severity: str) -> None:
        self._run("send", "-r", "db-1", "-e", "Disk full", "-E", "Production", "-S", "shop",
                  "-s", severity)  # fmt: skip

    def fire(self) -> None:
        self._send("critical")

    def acknowledge(self) -> None:
        self._run("ack", "--filter", "status=open")

    def resolve(self) -> None:
        self._send("normal")


class Amtool(Client):
    """Alertmanager's own hand tool, at its API v2; there, nobody acknowledges."""

    acknowledges = False

    def _add(self, *words: str) -> None:
        where = self.house.url.replace("http://", f"http://amtool:{self.key}@")
        run(
            program("amtool", "alertmanager"), f"--alertmanager.url={where}", "alert", "add",
            "alertname=DiskFull", "instance=db-1", "--annotation=summary=Disk full", *words,
            env={**os.environ, "HOME": "/nonexistent"},
        )  # fmt: skip

    def fire(self) -> None:
        self._add()

    def resolve(self) -> None:
        self._add(f"--end={(datetime.now(UTC) - timedelta(seconds=2)).isoformat()}")


class Swaks(Client):
    """Mails to the address of an integration; what acknowledges is the answer to the page."""

    acknowledges = False

    def _mail(self, subject: str) -> None:
        swaks(self.house, f"{self.key}+db-1/disk@{MAIL_DOMAIN}", "--h-Subject", subject)

    def fire(self) -> None:
        self._mail("PROBLEM: Disk full")

    def resolve(self) -> None:
        self._mail("RECOVERY: Disk full")


class Zabbix(Client):
    """The script of our set-up page, as the media type of a Zabbix runs it."""

    title = "Disk is 97 % full"

    def start(self) -> None:
        self.script, self.parameters = zabbix.pasted(self.house.url, self.key)

    def _run(self, macros: dict[str, str]) -> None:
        zabbix.run(self.script, zabbix.filled(self.parameters, macros), self.folder)

    def fire(self) -> None:
        self._run(zabbix.PROBLEM)

    def acknowledge(self) -> None:
        self._run(zabbix.ACKNOWLEDGED)

    def resolve(self) -> None:
        self._run(zabbix.OVER)


class ZabbixAtPagerDuty(Zabbix):
    """Zabbix's own media type, with our host in it."""

    def start(self) -> None:
        script, parameters = zabbix.shipped()["PagerDuty"]
        self.script = script.replace("https://events.pagerduty.com", self.house.url)
        assert self.script != script
        self.parameters = {**parameters, "token": self.key}


class ZabbixAtOpsgenie(Zabbix):
    def start(self) -> None:
        self.script, parameters = zabbix.shipped()["Opsgenie"]
        self.parameters = {**parameters, "opsgenie_api": f"{self.house.url}/v2/alerts",
                           "opsgenie_web": self.house.url, "opsgenie_token": self.key}  # fmt: skip


class ZabbixAtVictorOps(Zabbix):
    """What Zabbix tells there of an acknowledgement is for the timeline only."""

    acknowledges = False

    def start(self) -> None:
        self.script, parameters = zabbix.shipped()["VictorOps"]
        where = f"{self.house.url}/integrations/generic/20131114/alert/{self.key}"
        self.parameters = {**parameters, "vops_endpoint": where, "vops_routing_key": "ops"}
