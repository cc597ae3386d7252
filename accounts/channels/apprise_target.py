"""Chat rooms and phones through apprise (ntfy, Telegram, Slack, Matrix …), and plain webhooks."""

import json
import logging
import re
import threading
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from accounts.channels.base import Channel, Message, Receipt, TryLater, Undeliverable
from alertops import net
from alertops.guarded import guarded_sockets

# Services that take a message by HTTP and nothing else. apprise knows many more, among them
# programs, files and mail servers of this machine: those are not for users to name.
SCHEMES = {
    "bark", "barks", "discord", "flock", "gotify", "gotifys", "gchat", "googlechat", "hassio",
    "hassios", "line", "lametric", "matrix", "matrixs", "mmost", "mmosts", "msteams", "nctalk",
    "nctalks", "ntfy", "ntfys", "pbul", "pover", "pushplus", "rocket", "rockets", "signal",
    "signals", "slack", "spike", "splunk", "tgram", "threema", "twist", "victorops", "webex",
    "workflow", "workflows", "wxteams", "zulip",
}  # fmt: skip
SECONDS = 10.0
_guarded = net.Client(guarded=True)


class Webhook(Channel):
    kind, label, icon = "webhook", "Webhook", "webhook"
    noun = "webhook"
    many_providers = True
    idempotent = True
    hint = "An https address that takes a POST with JSON."

    def clean(self, address: str) -> str:
        address = address.strip()
        try:
            net.parse(address)
        except net.Blocked as error:
            raise ValidationError(str(error)) from None
        if len(address) > 1000:
            raise ValidationError("The address is longer than 1,000 characters.")
        return address

    def mask(self, address: str) -> str:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}/…"

    def send(self, address: str, message: Message) -> Receipt:
        """Post the message as JSON; the key is the same on every attempt."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": message.key,
        }
        facts = {
            "key": message.key,
            "title": message.title,
            "text": message.text,
            "severity": message.severity,
            "url": message.url,
            "ack_url": message.ack_url,
            "test": message.test,
        }
        body = json.dumps(facts, ensure_ascii=False).encode()
        try:
            answer = _guarded.request("POST", address, body=body, headers=headers)
        except net.Blocked as error:
            raise Undeliverable(str(error)) from None
        except net.NotSent as error:
            raise TryLater(str(error)) from None
        except net.MaybeSent as error:
            raise TryLater(str(error), maybe_sent=True) from None
        return _sort(answer.status, answer.retry_after)


class AppriseTarget(Channel):
    kind, label, icon = "apprise", "Chat or app", "send"
    noun = "chat"
    many_providers = True
    hint = "An apprise address, like ntfy://topic or tgram://token/chat."

    def clean(self, address: str) -> str:
        address = address.strip()
        scheme = address.partition("://")[0].lower()
        if len(address) > 1000 or scheme not in SCHEMES:
            raise ValidationError(
                "Write an apprise address of a chat or push service, like ntfy://topic."
            )
        plugin = _plugin(address)
        if plugin is None:
            raise ValidationError(f"This {scheme} address is not complete.")
        if _reads_a_file(plugin):
            raise ValidationError("Templates cannot be used here: leave “template” out.")
        return address

    def mask(self, address: str) -> str:
        return f"{address.partition('://')[0]}://…"

    def send(self, address: str, message: Message) -> Receipt:
        """Hand over to the service; each connection it opens is checked (see net)."""
        scheme = address.partition("://")[0].lower()
        plugin = _plugin(address) if scheme in SCHEMES else None
        if plugin is None or _reads_a_file(plugin):
            raise Undeliverable("This address cannot be used.", dead_address=True)
        _errors.status = 0
        body = f"{message.text[:1500]}\n{message.ack_url or message.url}"
        try:
            with guarded_sockets(SECONDS) as guard:
                accepted = plugin.notify(body=body, title=message.title, notify_type="failure")
        except net.Blocked as error:
            raise Undeliverable(str(error)) from None
        except net.NotSent as error:
            raise TryLater(str(error)) from None
        except Exception as error:  # a hundred plugins, each with faults of its own
            raise TryLater(
                f"The service failed: {type(error).__name__}.", maybe_sent=True
            ) from error
        if guard.is_over:  # half an answer is none
            raise TryLater("The service did not answer in time.", maybe_sent=True)
        if accepted:
            return Receipt("")
        return _sort(_errors.status, None)


def _sort(status: int, retry_after: float | None) -> Receipt:
    if 200 <= status < 300:
        return Receipt("")
    if status == 0:
        raise TryLater("The service did not take the message.", maybe_sent=True)
    reason = f"The service answered {status}."
    if status == 429:
        raise TryLater(reason, retry_after=min(20.0, retry_after) if retry_after else None)
    if status >= 500 or status == 408:
        raise TryLater(reason, maybe_sent=True)
    raise Undeliverable(reason, dead_address=status == 410)


_errors = threading.local()


class _Overheard(logging.Handler):
    """apprise says only yes or no; why not stands in its log, as "error=404"."""

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.search(r"error=(\d{3})\b", record.getMessage()):
            _errors.status = int(found[1])


@cache
def _apprise() -> Any:
    import apprise  # 5 MB and a hundred plugins that few processes need

    log = logging.getLogger("apprise")
    log.addHandler(_Overheard())
    log.setLevel(logging.WARNING)
    log.propagate = False  # its lines may hold tokens; only the handler above reads them
    return apprise


def _plugin(address: str) -> Any:
    apprise = _apprise()
    asset = apprise.AppriseAsset(app_id="AlertOps", app_desc="AlertOps", storage_mode="memory")
    plugin = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if plugin is not None:  # how long, how often and how fast is not for addresses to say
        plugin.socket_connect_timeout, plugin.socket_read_timeout = 4.0, 5.0
        plugin.request_rate_per_sec = 0
    return plugin


def _reads_a_file(plugin: Any) -> bool:
    """Whether its words would come from a file of this machine, or from an address inside."""
    return bool(len(getattr(plugin, "template", None) or ()))
