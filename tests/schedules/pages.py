"""Pages as somebody reads them: as plain text, with the queries counted where asked."""

import re

from django.test import Client
from django.urls import reverse

from accounts.models import User


def plain(content: bytes) -> str:
    """Return what stands on a page, without its marks."""
    text = re.sub(r"<(script|style).*?</\1>", " ", content.decode(), flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"\s+", " ", text)


def read(user: User, name: str, *args: object, query: str = "", status: int = 200) -> str:
    """Return a page as `user` reads it."""
    client = Client()
    client.force_login(user)
    response = client.get(reverse(f"schedules:{name}", args=args) + query)
    assert response.status_code == status, (response.status_code, response.headers)
    return plain(response.content)


def send(user: User, name: str, /, *args: object, follow: bool = True, **form: object):
    """Return (status, text) of what a form of `user` is answered with."""
    client = Client()
    client.force_login(user)
    data = {key: "" if value is None else value for key, value in form.items()}
    response = client.post(reverse(f"schedules:{name}", args=args), data)
    if response.status_code == 302 and follow:
        text = plain(client.get(response["Location"]).content)
        return 302, text
    return response.status_code, plain(response.content)
