"""What SMS and voice share: the Twilio client, its errors in our words, its signature.

Twilio's own library builds requests and reads answers; the bytes travel over our HTTP client,
which has a hard time limit, keeps connections alive, never retries, and knows whether a request
may have arrived. The library is 15 MB of modules and only senders need it: imported on first use.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qs, quote, urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.channels.base import Forged, Receipt, TryLater, Undeliverable
from alertops import net

T = TypeVar("T")
API = "https://api.twilio.com"
RETRY = "#rc=5&rp=all"  # Twilio repeats a callback that failed, up to five times
DEAD = {21211, 21214, 21217, 21610, 21614}  # no such number, STOP, no mobile
# Our own number or callback address is wrong: nothing will leave before somebody mends that.
OURS = {21205, 21210, 21212, 21603, 21606, 21609, 21659, 21660}
LOST_FOR_GOOD = {21610, 30004, 30005, 30006}  # said later of a message: blocked, unknown, landline
LONGEST_WAIT = 20.0
_http = net.Client(guarded=False, seconds=10.0, max_bytes=1024 * 1024)


def missing() -> str:
    """Return "" when Twilio can be used, else a sentence."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
        if not getattr(settings, name):
            return f"No SMS and voice provider is configured ({name} is not set)."
    return ""


def client() -> Any:
    """Return the shared, thread-safe Twilio client for the account of the settings."""
    return _client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)


@cache
def _client(account: str, token: str) -> Any:
    from twilio.rest import Client

    shared = Client(account, token, http_client=_transport())
    shared.api.v2010.account.messages, shared.api.v2010.account.calls  # noqa: B018 - before threads
    return shared


def _transport() -> Any:
    from twilio.http import HttpClient
    from twilio.http.response import Response

    class Transport(HttpClient):
        """Twilio's requests over our client; refusals are raised here, as our own errors."""

        def __init__(self) -> None:
            super().__init__(None, False, 10)

        def request(
            self,
            method: str,
            url: str,
            params: Mapping[str, Any] | None = None,
            data: Mapping[str, Any] | None = None,
            headers: Mapping[str, str] | None = None,
            auth: tuple[str, str] | None = None,
            timeout: float | None = None,
            allow_redirects: bool = False,
        ) -> Any:
            if url.startswith(API):
                url = settings.TWILIO_API_URL.rstrip("/") + url[len(API) :]
            if params:
                url = f"{url}?{urlencode(params, doseq=True)}"
            body = urlencode(data, doseq=True).encode() if data else b""
            fields = {**(headers or {}), "Authorization": _basic(auth or ("", ""))}
            answer = _http.request(method, url, body=body, headers=fields)
            if answer.status >= 300:
                _refuse(answer)
            return Response(answer.status, answer.text, answer.headers)

    return Transport()


@cache
def _basic(auth: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(auth).encode()).decode()


def call(work: Callable[[], T]) -> T:
    """Run one request and put every way it can fail into our two errors."""
    try:
        return work()
    except net.NotSent as error:
        raise TryLater(f"Twilio: {error}") from None
    except net.MaybeSent as error:
        raise TryLater(f"Twilio: {error}", maybe_sent=True) from None
    except (ValueError, KeyError, TypeError, AttributeError):  # 2xx with rubbish for a body
        raise TryLater("Twilio's answer cannot be read.", maybe_sent=True) from None


def examine() -> str:
    """Return "" when the account is active and the number is ours. Raises TryLater."""
    try:
        account = call(client().api.v2010.account.fetch)
        if str(account.status) != "active":
            return f"The Twilio account is {account.status}."
        if not settings.TWILIO_FROM.startswith("+"):
            return ""  # a name or a messaging service, not a number
        found = any(
            call(partial(numbers.list, phone_number=settings.TWILIO_FROM, limit=1))
            for numbers in (client().incoming_phone_numbers, client().outgoing_caller_ids)
        )
    except TryLater as error:
        if error.systemic:
            return error.reason
        raise
    except Undeliverable as error:
        return error.reason
    return "" if found else "The number TWILIO_FROM does not belong to the Twilio account."


def accepted(create: Callable[[], Any]) -> Receipt:
    """Run a create and return its sid; an answer without one proves nothing."""
    sid = call(create).sid
    if not sid:
        raise TryLater("Twilio's answer names no message.", maybe_sent=True)
    return Receipt(str(sid))


def _refuse(answer: net.Response) -> NoReturn:
    """Sort an error answer: ours to wait for, ours to mend, or the end of this address."""
    code, words = _error(answer)
    reason = f"Twilio {code or answer.status}: {words}"
    if answer.status == 429 or code == 20429:
        wait = min(LONGEST_WAIT, answer.retry_after) if answer.retry_after else None
        raise TryLater(reason, retry_after=wait)
    if answer.status in {401, 403, 404} or code == 20003 or code in OURS:
        raise TryLater(reason, systemic=True)
    if answer.status >= 500 or answer.status < 400 or answer.status == 408:
        raise TryLater(reason, maybe_sent=True)
    raise Undeliverable(reason, dead_address=code in DEAD)


def _error(answer: net.Response) -> tuple[int, str]:
    try:
        facts = json.loads(answer.body)
        return int(facts.get("code") or 0), str(facts.get("message") or "no reason given")[:120]
    except (ValueError, TypeError, AttributeError):
        return 0, "no readable reason"


def since_then(
    items: Iterable[Any], since: datetime, match: Callable[[Any], bool] = lambda item: True
) -> list[str]:
    """Return the sids of items created since then, newest first (Twilio keeps whole seconds)."""
    earliest = since.replace(microsecond=0) - timedelta(seconds=2)
    return [
        str(item.sid)
        for item in items
        if item.date_created is not None and item.date_created >= earliest and match(item)
    ]


def verified(request: HttpRequest) -> dict[str, str]:
    """Return the fields of a callback that Twilio signed. Raises Forged.

    The address is ours, from PUBLIC_URL: what a proxy or the caller says about it counts nothing.
    """
    from twilio.request_validator import RequestValidator

    tokens = [settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY]
    signature = request.headers.get("X-Twilio-Signature", "")
    if request.method != "POST" or not tokens[0] or not signature.isascii() or not signature:
        raise Forged("The request is not signed, or there is no token to check it with.")
    raw = request.META.get("QUERY_STRING", "")
    url = settings.PUBLIC_URL + quote(request.path_info, safe="/:@!$&'()*+,;=~-._")
    url = f"{url}?{raw}" if raw else url
    is_form = request.content_type == "application/x-www-form-urlencoded" or not request.body
    if not is_form and "bodySHA256" not in parse_qs(raw):
        raise Forged("A body that is not a form must be signed by its digest.")
    signed: Any = request.POST if is_form else request.body.decode("utf-8", "replace")
    if not any(RequestValidator(t).validate(url, signed, signature) for t in tokens if t):
        raise Forged("The signature does not match.")
    return {name: str(value)[:2000] for name, value in request.POST.items()}


def phone_number(address: str) -> str:
    """Return a number as +<country><number>. Raises ValidationError with one sentence."""
    import phonenumbers  # 2.6 MB of tables that only forms need

    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        raise ValidationError(
            "Write the number with its country code, like +43 664 1234567."
        ) from None
    if not phonenumbers.is_valid_number(number):
        raise ValidationError("This is not a phone number that can be called.")
    region = phonenumbers.region_code_for_number(number)
    allowed = settings.SMS_COUNTRIES
    if allowed and region not in allowed:
        raise ValidationError(
            f"Numbers in {region or 'this country'} are not allowed here; "
            "an administrator can change SMS_COUNTRIES."
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def mask(address: str) -> str:
    """Return "+43 ••• 4567": enough to recognise one's own number."""
    if len(address) < 8:
        return "•••"
    head = address[:2] if address[1] in "17" else address[:3]
    return f"{head} ••• {address[-4:]}"
