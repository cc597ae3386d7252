"""Every ready tool can be chosen, entered and set up on its pages, and keeps its secrets."""

import pytest
from django.test import Client

from accounts.models import User
from integrations.models import OutboundConnection
from integrations.outbound.tools import TOOLS

pytestmark = pytest.mark.django_db

ENTERED: dict[str, dict[str, str]] = {
    "slack": {
        "token": "xoxb-canary-1",
        "channel": "C024BE91L",
        "signing_secret": "canary-2-long-enough",
    },
    "teams": {
        "webhook": "https://example.com/workflows/canary-1",
        "security_token": "Y2FuYXJ5LTItbG9uZy1lbm91Z2g=",
    },
    "jira": {
        "site": "https://acme.atlassian.net",
        "email": "ops@acme.example",
        "token": "canary-1",
        "project": "OPS",
        "webhook_secret": "canary-2-long-enough",
    },
    "servicenow": {
        "site": "https://acme.service-now.com",
        "user": "alertops",
        "password": "canary-1",
        "webhook_secret": "canary-2-long-enough",
    },
    "github": {
        "repository": "acme/payments",
        "token": "canary-1",
        "webhook_secret": "canary-2-long-enough",
    },
    "gitlab": {
        "project": "acme/payments",
        "token": "canary-1",
        "webhook_secret": "canary-2-long-enough",
    },
}
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "slack": ({"channel": "#ops"}, "channel&#x27;s ID"),
    "teams": ({"webhook": ""}, "is needed."),
    "jira": ({"email": ""}, "wants the e-mail address"),
    "servicenow": ({"site": "acme"}, "http"),
    "github": ({"repository": "payments"}, "owner/name"),
    "gitlab": ({"project": "payments"}, "group/project"),
}


def test_every_tool_that_listens_is_in_this_file() -> None:
    assert set(ENTERED) == set(WRONG) == {slug for slug, tool in TOOLS.items() if tool.listens}


def _form(slug: str, **more: str) -> dict[str, str | list[str]]:
    entered = {f"set_{name}": value for name, value in (ENTERED[slug] | more).items()}
    return {"name": "Ours", "is_active": "on", "events": ["opened"], **entered}


@pytest.fixture
def page(client: Client, dana: User) -> Client:
    client.force_login(dana)
    return client


@pytest.mark.parametrize("slug", ENTERED)
def test_a_tool_is_entered_and_its_hook_shown_once(page: Client, slug: str) -> None:
    new = page.get(f"/integrations/outbound/new/{slug}/").content.decode()
    assert "Over there" in new, "what to do there is needed before anything can be entered"
    made = page.post(f"/integrations/outbound/new/{slug}/", _form(slug)).content.decode()
    link = OutboundConnection.objects.get()
    assert link.hook_prefix in made
    assert "/hook/" in made
    later = page.get(link.get_absolute_url()).content.decode()
    edit = page.get(f"{link.get_absolute_url()}edit/").content.decode()
    for name, value in ENTERED[slug].items():
        is_secret = next(each for each in TOOLS[slug].settings if each.name == name).is_secret
        assert not is_secret or value not in made + later + edit
    assert link.settings == link.settings | ENTERED[slug]


@pytest.mark.parametrize("slug", ENTERED)
def test_what_cannot_work_is_told_before_it_is_kept(page: Client, slug: str) -> None:
    wrong, sentence = WRONG[slug]
    answer = page.post(f"/integrations/outbound/new/{slug}/", _form(slug, **wrong))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not OutboundConnection.objects.exists()


@pytest.mark.parametrize("slug", ENTERED)
def test_a_connection_without_its_proof_says_that_it_believes_nothing(
    page: Client, slug: str
) -> None:
    proof = next(each for each in TOOLS[slug].settings if each.is_proof)
    page.post(f"/integrations/outbound/new/{slug}/", _form(slug, **{proof.name: ""}))
    link = OutboundConnection.objects.get()
    sentence = f"“{proof.label}” is not entered".replace("'", "&#x27;")
    assert sentence in page.get(link.get_absolute_url()).content.decode()
    page.post(f"{link.get_absolute_url()}edit/", _form(slug))
    assert sentence not in page.get(link.get_absolute_url()).content.decode()
