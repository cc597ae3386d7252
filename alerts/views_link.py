"""`/a/<token>/`: answer a page from a message, without signing in.

Mail scanners and chat previews fetch every link, some with a real browser, so only pressing the
button changes anything. The token is the permission: for one person, one alert, one page of it.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from alertops import clock
from alerts import actions
from alerts.links import BadLink, ExpiredLink, LinkToken, read_link_token
from alerts.models import Alert
from alerts.states import Status, Verb

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
VERBS = (Verb.ACKNOWLEDGE, Verb.RESOLVE)


@csrf_exempt  # no cookie is looked at; the token in the address is what permits
@never_cache
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the alert of a signed link and one button; a POST presses it."""
    now = clock.now()
    try:
        said = read_link_token(token, now)
        alert, person = _meant(said)
    except ExpiredLink:
        return _answer(request, "expired", 410)
    except BadLink:
        return _answer(request, "unknown", 404)
    if request.method == "POST" and said.epoch == alert.epoch:
        return _press(request, alert, person, now, token)
    context = {"alert": alert, "person": person, "now": now, "is_earlier": _is_earlier(said, alert)}
    return _answer(request, _state(alert), 200, context)


def _meant(said: LinkToken) -> tuple[Alert, User | None]:
    """Return the alert and the person of a token; nobody where the group itself was written to."""
    joins = ("group", "assignee", "acknowledged_by", "resolved_by")
    alert = Alert.objects.select_related(*joins).filter(pk=said.alert_id).first()
    person = User.objects.active().filter(pk=said.user_id).first() if said.user_id else None
    if alert is None or (said.user_id and person is None):
        raise BadLink("the alert or the person is gone")
    return alert, person


def _is_earlier(said: LinkToken, alert: Alert) -> bool:
    """Whether somebody has answered since this page was sent.

    An old message must not silence a newer page by a stale tap, so its button is gone; who signs
    in can still answer.
    """
    return said.epoch != alert.epoch


def _state(alert: Alert) -> str:
    if alert.status == Status.TRIGGERED and alert.snoozed_until:
        return "snoozed"
    return alert.status


def _press(
    request: HttpRequest, alert: Alert, person: User | None, now: datetime, token: str
) -> HttpResponse:
    verb = request.POST.get("verb", Verb.ACKNOWLEDGE)
    if verb not in VERBS:
        return _answer(request, "unknown", 404)
    move = actions.Move(actor=person, now=now, via="link", epoch=alert.epoch)
    with suppress(actions.NotAllowed):  # somebody was quicker; the page says who
        actions.apply(Verb(verb), alert.pk, move)
    response = redirect("alerts:link", token)
    response.status_code = 303
    return _seal(response)


def _answer(
    request: HttpRequest, state: str, status: int, context: dict[str, Any] | None = None
) -> HttpResponse:
    context = {"state": state, **(context or {})}
    return _seal(render(request, "alerts/link.html", context, status=status))


def _seal(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response[name] = value
    return response
