"""The real Twilio client library, pointed at the double."""

from typing import Any

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.doubles.process import DoubleProcess
from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioDouble

ALICE, OURS = "+14155550100", "+14155550199"


class HttpClient(TwilioHttpClient):  # type: ignore[misc,unused-ignore]
    """Sends to the double what the library sends to api.twilio.com."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=1)
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        here = url.replace("https://api.twilio.com", self._base_url)
        return super().request(method, here, *args, **kwargs)


def client_for(twilio: TwilioDouble | DoubleProcess, auth_token: str = AUTH_TOKEN) -> Client:
    """Return a client that logs in to this double."""
    return Client(ACCOUNT_SID, auth_token, http_client=HttpClient(twilio.base_url))


def text(client: Client, body: str = "Disk full [K7Q2]", to: str = ALICE, **fields: Any) -> Any:
    """Send a text, to Alice unless told otherwise."""
    return client.messages.create(to=to, from_=OURS, body=body, **fields)
