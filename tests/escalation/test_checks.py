"""System checks of escalation: what would keep a page from leaving."""

from accounts.channels import CHANNELS
from escalation import checks
from escalation.models import LevelChannel, Policy
from tests import builders


def ids(found):
    return [message.id for message in found]


def test_as_shipped_there_is_nothing_to_say():
    assert checks.engine() == []


def test_a_lease_shorter_than_a_send_is_an_error(settings):
    settings.ESCALATION_LEASE_SECONDS = 10
    assert ids(checks.engine()) == ["escalation.E001"]


def test_a_channel_under_another_name_is_an_error(monkeypatch):
    monkeypatch.setitem(CHANNELS, "pigeon", CHANNELS["email"])
    assert ids(checks.engine()) == ["escalation.E002"]


def test_without_a_database_nothing_stored_is_asked_for():
    assert checks.stored() == []


def test_a_policy_without_levels_is_told(root):
    Policy.objects.create(name="Empty")
    found = checks.stored(databases=["default"])
    assert ids(found) == ["escalation.W001"]
    assert "'Empty' has no levels" in found[0].msg


def test_a_channel_that_is_gone_is_told(root):
    policy = builders.policy({"target": "primary"})
    LevelChannel.objects.create(level=policy.levels.get(), kind="pigeon")
    assert ids(checks.stored(databases=["default"])) == ["escalation.W002"]


def test_administrators_nobody_can_reach_are_told(root):
    assert checks.stored(databases=["default"]) == []
    root.contact_methods.update(verified_at=None)
    assert ids(checks.stored(databases=["default"])) == ["escalation.W003"]
