"""Answers to pages by e-mail: the first line says what to do, the address says to which page.

The token in the Reply-To address is the page's own capability; besides it the sender must be who
was paged. A mail that nobody wrote does nothing, and nothing is ever answered by mail, so that two
robots cannot talk to each other (semantics §19).
"""

from datetime import datetime, timedelta

from accounts.channels.email import Email
from accounts.fields import digest
from accounts.models import ContactMethod
from alerts import actions
from alerts.actions import Move, NotAllowed
from alerts.links import BadLink, ExpiredLink, LinkToken, read_link_token
from alerts.models import Alert
from alerts.states import Status, Verb
from escalation.models import Reply

WRONG_AN_HOUR = 20
_WORDS = {
    "ack": Verb.ACKNOWLEDGE,
    "acknowledge": Verb.ACKNOWLEDGE,
    "acknowledged": Verb.ACKNOWLEDGE,
    "resolve": Verb.RESOLVE,
    "resolved": Verb.RESOLVE,
    "close": Verb.RESOLVE,
    "escalate": Verb.ESCALATE,
}


def answer(token: str, sender: str, text: str, now: datetime) -> str:
    """Act on one answer; return what became of it, in a sentence for the log."""
    wrong = Reply.objects.filter(
        address_digest=digest(sender), at__gt=now - timedelta(hours=1), understood=False
    ).count()
    if wrong >= WRONG_AN_HOUR:
        return "Too many answers of this sender were not understood."
    understood, sentence = _act(token, sender, text, now)
    Reply.objects.create(
        channel=Email.kind, address_digest=digest(sender), at=now, understood=understood
    )
    return sentence


def _act(token: str, sender: str, text: str, now: datetime) -> tuple[bool, str]:
    try:
        link = read_link_token(token, now)
    except ExpiredLink:
        return True, "The page was answered too late."
    except BadLink:
        return False, "No page of ours has this address."
    methods = ContactMethod.objects.at(Email.kind, sender).usable().select_related("user")
    method = methods.filter(user_id=link.user_id, user__is_active=True).first()
    if method is None:
        return False, "The sender is not who was paged."
    verb = _verb(text)
    if verb is None:
        return False, "The first line is neither ack nor resolve."
    epoch = _epoch(link, verb)
    move = Move(actor=method.user, now=now, via=Email.kind, seen_at=link.made_at, epoch=epoch)
    try:
        actions.apply(verb, link.alert_id, move)
    except (NotAllowed, Alert.DoesNotExist) as refusal:
        return True, str(refusal)
    return True, f"{verb.label} #{link.alert_id}"


def _epoch(link: LinkToken, verb: Verb) -> int:
    """Which page is answered. Whoever has acknowledged may resolve with the mail at hand."""
    if verb is Verb.RESOLVE:
        own = Alert.objects.filter(
            pk=link.alert_id, status=Status.ACKNOWLEDGED, acknowledged_by=link.user_id
        )
        return own.values_list("epoch", flat=True).first() or link.epoch
    return link.epoch


def _verb(text: str) -> Verb | None:
    """The first word of the first line that is not empty."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    words = first.strip().lower().split()
    return _WORDS.get(words[0].strip(".,!:;\"'*")) if words else None
