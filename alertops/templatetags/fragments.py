"""`{% load fragments %}{% fragment "escalation:next" alert.pk %}`: another app's piece, inline."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from alertops import fragments

register = template.Library()


@register.simple_tag(takes_context=True)
def fragment(context: dict[str, Any], name: str, *args: object) -> SafeString:
    """Render the URL `name` for the person who is looking at this page."""
    return fragments.render(context["request"], name, *args)
