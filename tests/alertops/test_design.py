"""What every page keeps to: nothing inline, nothing foreign, readable colours, icons that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAILS = {"escalation/page.html"}  # mail readers know no stylesheets
TEMPLATES = [
    path
    for path in sorted((ROOT / "templates").rglob("*.html"))
    if str(path.relative_to(ROOT / "templates")) not in MAILS
]
CSS = (ROOT / "static/css/alertops.css").read_text()
SPRITE = (ROOT / "static/img/icons.svg").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS
    )
}
TEXT = ["text", "muted", "accent", "red", "amber", "green", "blue", "violet", "grey"]
SOFT = ["red", "orange", "amber", "green", "blue", "violet", "grey"]
PAIRS = [
    *[(text, ground) for text in TEXT for ground in ("surface", "bg", "sunken", "hover")],
    *[(name, f"{name}-soft") for name in SOFT],
    *[("text", f"{name}-soft") for name in SOFT],
    ("accent", "accent-soft"),
    ("text", "accent-soft"),
]
SOLID = ["accent-solid", "accent-solid-hover", "red-solid", "green-solid"]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_in_both_schemes(text, ground, scheme):
    assert contrast(TOKENS[text][scheme], TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", SOLID)
def test_white_can_be_read_on_solid_colours(ground, scheme):
    assert contrast("#ffffff", TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["border-strong", "focus"])
def test_the_edges_of_controls_and_the_focus_ring_stand_out(edge, scheme):
    for ground in ("surface", "bg", "raised"):
        assert contrast(TOKENS[edge][scheme], TOKENS[ground][scheme]) >= 3


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_to_the_content_policy(path):
    """No inline style, script or handler, and nothing from another site."""
    text = path.read_text()

    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=\"", text)
    assert "hx-on" not in text
    assert "hx-vals='js:" not in text
    assert "<style" not in text
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_says_in_its_first_line_what_it_needs(path):
    assert re.match(r"\{# .+? #\}", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_icon_a_template_names_exists(path):
    text = path.read_text()
    names = re.findall(r'_icon\.html" with name="([\w-]+)"', text)
    names += re.findall(r"icons\.svg' %\}#([\w-]+)\"", text)
    names += re.findall(r"block icon %\}([\w-]+)\{%", text)

    for name in names:
        assert f'id="{name}"' in SPRITE or name.endswith("-"), name


def test_the_stylesheet_loads_nothing():
    assert "@import" not in CSS
    assert "url(" not in CSS
