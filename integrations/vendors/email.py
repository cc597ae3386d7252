"""E-mail: any tool that can send one.

An address of its own per integration; what stands behind a plus is the deduplication key. Without
one, the subject without its words of state ("PROBLEM", "[RESOLVED]", "is down") and the sender
tell alerts apart, so that a recovery finds its alert; where nothing is left of the subject, the
first line of the text does. Rules of the integration go before all this.
Sample: integrations/samples/email.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field


def _title(item: Any, top: Any) -> str:
    subject = texts.words(field("subject")(item, top)).strip()
    if subject:
        return subject
    body = texts.words(field("body")(item, top))
    first = next((line for line in body.splitlines() if line.strip()), "")
    sender = texts.words(field("sender")(item, top)) or "nobody"
    return first[:200] or f"A mail from {sender} without subject or text"


def _severity(item: Any, top: Any) -> str:
    """A word of severity that the subject begins with or shouts."""
    subject = texts.words(field("subject")(item, top))
    plain = "".join(sign if sign.isalnum() else " " for sign in subject)
    return next((_SHOUTED[word] for word in plain.split() if word in _SHOUTED), "")


_SHOUTED = {
    "CRITICAL": "critical", "Critical": "critical", "DISASTER": "critical", "Disaster": "critical",
    "WARNING": "medium", "Warning": "medium", "WARN": "medium", "INFO": "info",
}  # fmt: skip


def _details(item: Any, top: Any) -> dict[str, Any]:
    return {
        name: value
        for name in ("sender", "sender_name", "attachments", "headers", "cut")
        if (value := field(name)(item, top))
    }


email = Vendor(
    kind="email",
    label="E-mail",
    action=field("action"),
    dedup_key=field("key"),
    title=_title,
    severity=_severity,
    description=field("body"),
    details=_details,
    is_known=True,
    setup="""\
Let the tool send its mails to this address:

    {mail}

What you put behind a plus, before the @, is the deduplication key: mails with the same key are one
alert until it is resolved.

    {mail_with_key}

A subject that says it is over ("RESOLVED: …", "[OK] …", "** RECOVERY …") resolves the alert whose
subject is otherwise the same; rules on subject, sender or text say it otherwise. A mail service
can hand mails over by webhook instead; see “E-mail in” in the manual.
""",
)
