"""A webhook of one's own: any address, any JSON, signed. See docs/outbound.md.

The signature is `X-AlertOps-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`: the HMAC-SHA256 of
"<t>.<body>" with each secret that is valid at that moment.
"""

from collections.abc import Mapping

from integrations.outbound import filling
from integrations.outbound.contract import Call, News, Setting, Tool, address
from integrations.outbound.examples import EXAMPLE

_FORMATS = (("json", "JSON"), ("form", "Form fields"), ("text", "Plain text"))
_METHODS = tuple((method, method) for method in ("POST", "PUT", "PATCH"))


class Webhook(Tool):
    slug, label = "webhook", "Webhook"
    summary = "Your own program, or any tool that takes JSON over HTTP."
    signed = True
    settings = (
        Setting("url", "Address", "Where the messages go.", is_address=True),
        Setting("method", "Method", choices=_METHODS, default="POST", is_required=False),
        Setting(
            "headers",
            "Headers",
            "One a line, such as “Authorization: Bearer …”. Kept secret.",
            is_secret=True,
            is_required=False,
            is_long=True,
        ),
        Setting("format", "Body is", choices=_FORMATS, default="json", is_required=False),
        Setting(
            "body",
            "Body",
            "Empty: everything there is to say, as JSON. Or your own, with places to fill: "
            '{"text": "{{ title }} is {{ status }}", "details": {{ details }}}',
            is_required=False,
            is_long=True,
        ),
    )
    steps = (
        "Let your program take POST requests at an https address and answer 2xx within 5 seconds.\n"
        "Check the header X-AlertOps-Signature with the secret shown here, and drop messages whose "
        "X-AlertOps-Webhook-Id you have seen before: after a broken connection a message may come "
        "a second time.\n"
    )

    def check(self, settings: Mapping[str, str]) -> None:
        address(settings["url"])
        self.call(EXAMPLE, settings, "")

    def call(self, news: News, settings: Mapping[str, str], reference: str) -> Call | None:
        content_type, body = _body(news, settings)
        known = filling.facts(news)
        own = filling.headers(settings.get("headers", ""), known)
        if "content-type" not in {name.lower() for name in own}:
            own["Content-Type"] = content_type
        return Call(settings["url"], body, own, settings.get("method") or "POST")


def _body(news: News, settings: Mapping[str, str]) -> tuple[str, bytes]:
    template = settings.get("body", "").strip()
    content_type, fill = filling.FORMATS[settings.get("format") or "json"]
    if template:
        return content_type, fill(template, filling.facts(news))
    if settings.get("format") == "form":
        return content_type, filling.as_form(_PLAIN_FORM, filling.facts(news))
    if settings.get("format") == "text":
        return content_type, filling.as_text(_PLAIN_TEXT, filling.facts(news))
    return content_type, filling.dumps(whole(news))


_PLAIN_TEXT = "{{ words }}\n#{{ number }} {{ title }} ({{ severity }}, {{ status }})\n{{ url }}\n"
_PLAIN_FORM = filling.dumps(
    {name: f"{{{{ {name} }}}}" for name in filling.NAMES if name not in {"links", "details"}}
).decode()


def whole(news: News) -> dict[str, object]:
    """Everything there is to say, as receivers see it: docs/outbound.md names each field."""
    data = news.to_dict()
    return {
        "id": data["id"],
        "event": data["kind"],
        "at": data["at"],
        "who": data["who"],
        "words": data["words"],
        "note": data["note"],
        "details_dropped": data["details_dropped"],
        "alert": data["alert"],
    }
