"""Answers to pages by e-mail: the first line says what to do, the address says to which page.

The token in the Reply-To address is the page's own capability; besides it the sender must be who
was paged. A mail that nobody wrote does nothing, and nothing is ever answered by mail, so that two
robots cannot talk to each other (semantics §19).
"""

from datetime import datetime, timedelta

from accounts.channels.email import Email
from accounts.fields import digest
from accounts.models import ContactMethod, User
from alerts import actions
from alerts.actions import Move, NotAllowed
from alerts.links import BadLink, ExpiredLink, LinkToken, read_link_token
from alerts.models import Alert
from alerts.states import Status, Verb
from escalation.models import Reply
from groups.models import GroupContactMethod

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
    is_paged, person = _sender(link, sender)
    if not is_paged:
        return False, "The sender is not who was paged."
    verb = _verb(text)
    if verb is None:
        return False, "The first line is neither ack nor resolve."
    epoch = _epoch(link, verb)
    move = Move(actor=person, now=now, via=Email.kind, seen_at=link.made_at, epoch=epoch)
    try:
        actions.apply(verb, link.alert_id, move)
    except (NotAllowed, Alert.DoesNotExist) as refusal:
        return True, str(refusal)
    return True, f"{verb.label} #{link.alert_id}"


def _sender(link: LinkToken, sender: str) -> tuple[bool, User | None]:
    """Whether this address was paged, and who that is. A page to a group is answered by the
    group's own address, which is nobody in particular, or by any of its members."""
    people = ContactMethod.objects.at(Email.kind, sender).usable().select_related("user")
    people = people.filter(user__is_active=True)
    if link.user_id:
        method = people.filter(user_id=link.user_id).first()
    else:
        responders = people.filter(user__in=User.objects.responders())
        method = responders.filter(user__memberships__group__alerts=link.alert_id).first()
    shared = GroupContactMethod.objects.at(Email.kind, sender).usable()
    is_shared = not link.user_id and shared.filter(group__alerts=link.alert_id).exists()
    return method is not None or is_shared, method.user if method else None


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
