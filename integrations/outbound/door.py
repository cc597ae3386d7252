"""The door for tools that talk back: `/integrations/outbound/<key>/hook/`.

The tool checks its own signature and says what it means; this moves the alerts. A connection moves
only alerts it has been told of, and is not told again what came from itself.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from alertops import clock
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import NotAllowed, Verb
from integrations.ingest import Door, TooLarge, error, read
from integrations.keys import key_hash
from integrations.models import OutboundConnection, OutboundDelivery, OutboundLink, OutboundMessage
from integrations.outbound.contract import Reading, Refused, Said
from integrations.outbound.reader import ECHO
from integrations.texts import line

logger = logging.getLogger(__name__)

_VERBS = {
    "acknowledge": Verb.ACKNOWLEDGE,
    "unacknowledge": Verb.UNACKNOWLEDGE,
    "resolve": Verb.RESOLVE,
    "note": Verb.NOTE,
}
LONGEST_NOTE = 10_000


@extend_schema(exclude=True)  # each tool's own documentation says what it sends
class Hook(Door):
    def post(self, request: Request, key: str) -> HttpResponse:
        """Understand what the tool says, and do it."""
        now = clock.now()
        try:
            link = OutboundConnection.objects.listening(key).first()
            if link is None or not link.is_known or not link.kind.listens:
                return error(404, "No active connection has this key.")
            plain: HttpRequest = request._request
            headers = {name.lower(): value for name, value in plain.headers.items()}
            reading = link.kind.read(link.settings, headers, read(plain), now)
            hear(link, reading, now)
        except Refused as no:
            return error(no.status, no.sentence)
        except TooLarge:
            return error(413, "This is larger than 1 MiB; nothing was changed.")
        except DatabaseError:
            again = error(503, "It could not be kept; send it again.")
            again["Retry-After"] = "2"
            return again
        return HttpResponse(reading.body, status=reading.status, content_type=reading.content_type)

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        answer = error(405, "Send with POST; nothing was changed.")
        answer["Allow"] = "POST"
        return answer


@transaction.atomic
def hear(link: OutboundConnection, reading: Reading, now: datetime) -> int:
    """Do everything a reading says, all of it or nothing. Returns how many alerts were moved.

    What cannot be done any more (an alert that is resolved is not acknowledged) is no error: the
    tool could do nothing about it.
    """
    if reading.delivery and not _is_new(link, reading.delivery, now):
        return 0
    count = 0
    for said in reading.said:
        alert_id = _alert(link, said)
        verb = _VERBS.get(said.verb)
        if alert_id is None or verb is None:
            logger.info("Connection %s says %s of something unknown", link.pk, said.verb)
            continue
        count += _move(link, verb, alert_id, said, now)
    return count


def _is_new(link: OutboundConnection, delivery: str, now: datetime) -> bool:
    return OutboundDelivery.objects.get_or_create(
        connection=link, digest=key_hash(delivery), defaults={"at": now}
    )[1]


def _alert(link: OutboundConnection, said: Said) -> int | None:
    """The alert that is meant, if this connection was ever told of it."""
    if said.reference:
        links = OutboundLink.objects.filter(connection=link, reference=said.reference)
        return links.order_by("-pk").values_list("alert_id", flat=True).first()
    told = OutboundMessage.objects.filter(connection=link, alert=said.alert)
    return said.alert if said.alert and told.exists() else None


def _move(link: OutboundConnection, verb: Verb, alert_id: int, said: Said, now: datetime) -> int:
    who = line(said.who, 80)
    move = Move(
        actor=None,
        now=now,
        via=f"{ECHO}{link.pk}",
        by=f"{who} in {link.name}" if who else link.name,
        note=said.words.replace("\x00", "").strip()[:LONGEST_NOTE],
    )
    try:
        with transaction.atomic():
            actions.apply(verb, alert_id, move)
    except (NotAllowed, Alert.DoesNotExist) as why:
        logger.info("Connection %s cannot %s alert %s: %s", link.pk, verb, alert_id, why)
        return 0
    return 1
