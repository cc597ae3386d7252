"""The guide says what the tools say, and every tool says enough."""

import pytest

from integrations.outbound.tools import TOOLS
from tools.outbound_guide import GUIDE, guide

LISTENERS = [tool for tool in TOOLS.values() if tool.listens]


def test_the_guide_is_up_to_date() -> None:
    assert GUIDE.read_text("utf-8") == guide(), "run python -m tools.outbound_guide"


@pytest.mark.parametrize("tool", LISTENERS, ids=lambda tool: tool.slug)
def test_the_steps_hold_the_hook_and_nothing_else_to_fill_in(tool) -> None:
    told = tool.steps.format(hook="HOOK-ADDRESS")
    assert "HOOK-ADDRESS" in told
    assert "{hook}" not in told


@pytest.mark.parametrize("tool", LISTENERS, ids=lambda tool: tool.slug)
def test_every_secret_setting_is_marked_as_one(tool) -> None:
    for setting in tool.settings:
        sounds_secret = any(word in setting.name for word in ("token", "secret", "password"))
        assert setting.is_secret or not sounds_secret, setting.name


@pytest.mark.parametrize("tool", LISTENERS, ids=lambda tool: tool.slug)
def test_the_source_cites_the_tool_s_own_documentation(tool) -> None:
    module = __import__(type(tool).__module__, fromlist=["__doc__"])
    assert "https://" in module.__doc__
