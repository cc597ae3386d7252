"""Every sample of every tool goes the whole way: through the door, the inbox and into alerts."""

from typing import Any

import pytest

from alerts.models import Alert
from alerts.states import Status
from groups.models import Group
from integrations import samples
from integrations.models import EventOutcome, InboundEvent, Integration
from integrations.states import Outcome
from integrations.vendors import VENDORS
from tests.integrations.amazon import Amazon, signed
from tests.integrations.conftest import Send, make_integration, sent

pytestmark = pytest.mark.django_db

SHOWN = ("title", "description", "severity", "links", "details", "tags")


class Story:
    """What must become of the alerts of one integration, told sample by sample."""

    def __init__(self, integration: Integration, send: Send) -> None:
        self.integration, self._send = integration, send
        self.open: dict[str, int] = {}

    def send(self, sample: samples.Sample) -> InboundEvent:
        if (told := sample.get("payload")) and "SigningCertURL" in told:
            sample = {**sample, "payload": signed(told)}
        body, content_type = samples.request(sample)
        accepted = VENDORS[self.integration.kind].success
        return sent(self._send(self.integration, body, content_type=content_type), accepted)

    def told(self, sample: samples.Sample) -> None:
        """Send one sample and expect of each of its signals what its turn in the story asks."""
        before = Alert.objects.count()
        event = self.send(sample)
        outcomes = list(event.outcomes.order_by("position"))
        assert len(outcomes) == len(sample["signals"]), "not every signal arrived"
        for outcome, signal in zip(outcomes, sample["signals"], strict=True):
            self._expect(outcome, signal)
        opened = sum(outcome.outcome == Outcome.CREATED for outcome in outcomes)
        assert Alert.objects.count() == before + opened
        assert not event.detail or not outcomes, event.detail

    def _expect(self, outcome: EventOutcome, signal: dict[str, Any]) -> None:
        key = outcome.dedup_key
        assert key == signal.get("dedup_key", key)
        action, was_open = signal["action"], self.open.get(key)
        if was_open is None:
            wanted = Outcome.CREATED if action == "trigger" else Outcome.NO_OPEN_ALERT
        else:
            assert outcome.alert_id == was_open
            wanted = {
                "trigger": Outcome.APPENDED,
                "acknowledge": Outcome.ACKNOWLEDGED,
                "resolve": Outcome.RESOLVED,
            }[action]
        assert outcome.outcome == wanted
        if wanted == Outcome.CREATED:
            assert outcome.alert is not None
            self.open[key] = outcome.alert.pk
            self._shows(outcome.alert, signal)
        elif wanted == Outcome.RESOLVED:
            assert Alert.objects.get(pk=self.open.pop(key)).status == Status.RESOLVED

    def _shows(self, alert: Alert, signal: dict[str, Any]) -> None:
        told = {name: signal[name] for name in SHOWN if name in signal}
        if told.get("severity") == "":
            told["severity"] = self.integration.default_severity
        assert {name: getattr(alert, name) for name in told} == told


@pytest.fixture
def story(payments: Group, send: Send, amazon: Amazon, request: pytest.FixtureRequest) -> Story:
    return Story(make_integration(payments, request.getfixturevalue("kind")), send)


@pytest.mark.parametrize("kind", VENDORS)
def test_every_sample_of_a_tool_told_in_order(story: Story, kind: str) -> None:
    for sample in samples.of(kind):
        story.told(sample)


@pytest.mark.parametrize("kind", VENDORS)
def test_firing_repeat_and_recovery_are_one_alert(story: Story, payments: Group, kind: str) -> None:
    by_name: dict[str, samples.Sample] = {}
    for sample in samples.of(kind):
        by_name.setdefault(sample["name"].partition(",")[0], sample)
    firing, repeat = by_name["firing"], by_name["repeat"]

    event = story.send(firing)
    assert event.outcome == Outcome.CREATED
    alert = event.outcomes.order_by("position")[0].alert
    assert alert is not None
    assert alert.group == payments

    story.send(repeat)
    alert.refresh_from_db()
    assert (alert.status, alert.event_count) == (Status.TRIGGERED, 2)

    if not VENDORS[kind].closes:
        assert "recovery" not in by_name
        return
    recovery = by_name["recovery"]
    assert story.send(recovery).outcome == Outcome.RESOLVED
    alert.refresh_from_db()
    assert alert.status == Status.RESOLVED
    assert not Alert.objects.open().exists()

    assert story.send(recovery).outcome == Outcome.NO_OPEN_ALERT, "a recovery opens nothing"
    assert story.send(firing).outcome == Outcome.CREATED, "a new alert, never the old one again"
