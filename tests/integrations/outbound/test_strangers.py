"""Whoever is not the tool moves nothing, whatever he knows: no secret, a short one, an old body."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert, AlertEvent
from alerts.states import Status
from groups.models import Group
from integrations.models import OutboundConnection, OutboundLink, OutboundMessage
from integrations.outbound import actions, proofs, retention, samples
from integrations.outbound.contract import Refused
from integrations.outbound.tools import TOOLS
from tests.conftest import Clock
from tests.integrations.outbound.conftest import opened
from tests.integrations.outbound.signing import SECRET, SETTINGS, SIGN

pytestmark = pytest.mark.django_db

LISTENERS = [slug for slug, tool in TOOLS.items() if tool.listens]
TIMED = {"slack": 301, "teams": 301, "jira": 6 * 86_400 + 1, "github": 6 * 86_400 + 1}
"""Seconds after which what these tools signed is too old. The others sign no body."""
GUESSED = ("", "x", "secret", "0" * (proofs.SHORTEST - 1))


class Door:
    """A connection that was told of one alert, and what its tool would send about it."""

    def __init__(self, slug: str, alert: Alert, clock: Clock, secret: str | None = SECRET) -> None:
        self.slug, self.alert, self.clock = slug, alert, clock
        self.link = OutboundConnection(name="Ours", tool=slug, events=["opened"])
        proof = next(each.name for each in TOOLS[slug].settings if each.is_proof)
        known = SETTINGS[slug] if secret == SECRET else {**SETTINGS[slug], proof: secret or ""}
        self.link.settings = {"project": "5", **known}
        self.hook = self.link.issue_hook()
        self.link.save()
        OutboundMessage.objects.create(
            connection=self.link,
            alert=alert,
            event=1,
            kind="opened",
            news={},
            next_try_at=clock.now(),
            give_up_at=clock.now(),
            created_at=clock.now(),
        )

    def sample(self, verb: str) -> samples.Sample:
        found = (
            each for each in samples.of(self.slug) if verb in [s["verb"] for s in each["said"]]
        )
        sample = next(found)
        if reference := sample["said"][0]["reference"]:
            known = {"connection": self.link, "alert": self.alert, "reference": reference}
            OutboundLink.objects.get_or_create(**known)
        text = json.dumps(sample["payload"])
        if self.slug == "teams":  # it says the alert's number, its time, and its own name
            written, named = sample["payload"]["timestamp"], sample["payload"]["id"]
            text = text.replace(" 42", f" {self.alert.pk}").replace("#42", f"#{self.alert.pk}")
            text = text.replace(written, self.clock.now().isoformat()).replace(named, verb)
        return {**sample, "payload": json.loads(text)}

    def signed(self, verb: str, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
        raw, headers = samples.request(self.sample(verb))
        if "idempotency-key" in headers:  # its own name, which no two deliveries share
            headers["idempotency-key"] = verb
        return raw, headers | SIGN[self.slug](raw, self.clock.now(), secret)

    def knock(self, raw: bytes, headers: dict[str, str]) -> int:
        rest = {name: value for name, value in headers.items() if name != "content-type"}
        url = f"/integrations/outbound/{self.hook}/hook/"
        answer = Client().post(url, raw, content_type=headers["content-type"], headers=rest)
        return answer.status_code

    def status(self) -> str:
        self.alert.refresh_from_db()
        return self.alert.status

    def notes(self) -> int:
        return AlertEvent.objects.filter(alert=self.alert, kind="noted").count()


@pytest.fixture
def alert(payments: Group, clock: Clock) -> Alert:
    return opened(payments, "Disk full")


@pytest.mark.parametrize("slug", LISTENERS)
def test_the_tool_itself_is_believed(slug: str, alert: Alert, clock: Clock) -> None:
    """Without this the tests below would prove nothing."""
    door = Door(slug, alert, clock)
    assert door.knock(*door.signed("note")) == 200
    assert door.knock(*door.signed("resolve")) == 200
    assert (door.status(), door.notes()) == (Status.RESOLVED, 1)


@pytest.mark.parametrize("secret", GUESSED)
@pytest.mark.parametrize("slug", LISTENERS)
def test_without_a_secret_or_with_a_short_one_nobody_is_believed(
    slug: str, secret: str, alert: Alert, clock: Clock
) -> None:
    door = Door(slug, alert, clock, secret)
    for verb in ("resolve", "note"):
        raw, headers = samples.request(door.sample(verb))
        assert door.knock(raw, headers) == 403
        for guess in {secret, "", SECRET}:
            assert door.knock(raw, headers | SIGN[slug](raw, clock.now(), guess)) == 403
    assert (door.status(), door.notes()) == (Status.TRIGGERED, 0)


@pytest.mark.parametrize("secret", [*GUESSED[1:], f"{SECRET} short"])
@pytest.mark.parametrize("slug", LISTENERS)
def test_a_short_secret_is_not_saved(slug: str, secret: str) -> None:
    tool = TOOLS[slug]
    proof = next(each for each in tool.settings if each.is_proof)
    with pytest.raises(actions.ValidationError) as caught:
        actions.check_settings(tool, {proof.name: secret})
    said = caught.value.message_dict[proof.name]
    assert said == [f"{proof.label}: make it at least 16 characters long."]


@pytest.mark.parametrize("slug", sorted(TIMED))
def test_what_was_signed_long_ago_is_not_played_again(
    slug: str, alert: Alert, clock: Clock
) -> None:
    door = Door(slug, alert, clock)
    old = door.signed("resolve")
    clock.set(clock.now() + timedelta(seconds=TIMED[slug] + 900))  # samples are of that quarter
    assert door.knock(*old) == 403
    assert door.status() == Status.TRIGGERED


@pytest.mark.parametrize("slug", [slug for slug in LISTENERS if slug in TIMED])
def test_what_was_heard_is_not_heard_again_under_another_name(
    slug: str, alert: Alert, clock: Clock
) -> None:
    """The tools' own names of a delivery are in headers that nobody signed."""
    door = Door(slug, alert, clock)
    raw, headers = door.signed("note")
    for number in range(3):
        named = {
            name: f"another-{number}" for name in headers if "deliver" in name or "ident" in name
        }
        assert door.knock(raw, headers | named) == 200
    assert door.notes() == 1


def test_what_was_heard_is_remembered_for_longer_than_it_may_be_late() -> None:
    assert retention.HEARD > proofs.OLDEST


@pytest.mark.parametrize("slug", LISTENERS)
@pytest.mark.parametrize("other", LISTENERS)
def test_another_tool_s_words_mean_nothing(
    slug: str, other: str, alert: Alert, clock: Clock
) -> None:
    """Even signed as this tool signs: whoever has the secret sent it to the wrong address."""
    if slug == other:
        return
    door = Door(slug, alert, clock)
    for sample in samples.of(other):
        raw, headers = samples.request(sample)
        headers |= SIGN[slug](raw, clock.now(), SECRET)
        assert _said(door, raw, headers) in {(), 400, 403}
        assert door.knock(raw, headers) in {200, 400, 403}
    assert (door.status(), door.notes()) == (Status.TRIGGERED, 0)


@pytest.mark.parametrize("sent", ["", "9" * 5_000, "-1", "٣", "1e400"])
def test_a_time_that_is_none_is_refused(sent: str, alert: Alert, clock: Clock) -> None:
    door = Door("slack", alert, clock)
    raw, headers = door.signed("resolve")
    assert _said(door, raw, headers | {"x-slack-request-timestamp": sent}) == 403


def _said(door: Door, raw: bytes, headers: dict[str, str]) -> Any:
    try:
        return TOOLS[door.slug].read(door.link.settings, headers, raw, door.clock.now()).said
    except Refused as refused:
        return refused.status
