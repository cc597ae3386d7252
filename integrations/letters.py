"""What a mail says to an integration, as facts with names: what mappings, routes and rules see.

Pure. A mail that only answers a mail, or comes from ourselves, says nothing: it could go round
for ever.
"""

import re
from typing import Any

from integrations import mime, texts
from integrations.mime import Mail
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, MEASURED, RESOLVE

KEPT = 512 * 1024
"""Bytes of a mail that are kept and read: the text stands first, what is attached is not read."""
OWN = "x-alertops-page"
"""Our own pages carry it."""
KEY = "x-alertops-key"
"""The part of the address behind the plus, put in front by our own door."""
HOPS = 30
_PREFIX = re.compile(r"^(?:(?:re|aw|fw|fwd|wg|sv|tr|rv)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_MARK = re.compile(r"^[^\w\[]*(?:\[[^\]]{0,80}\][^\w\[]*)*")
_OVER = "resolved|recovered|recovery|closed|cleared|solved|ok|up|end of problem|back to normal"
_SURE = re.compile(r"(?:resolved|recovered|recovery)\b", re.IGNORECASE)
_SAID = re.compile(rf"(?:{_OVER})(?:\s*[:\]–—|]|\s+-|-\s|\s*in \d)", re.IGNORECASE)  # noqa: RUF001
_ONLY = re.compile(rf"[\W_]*(?:{_OVER})[\W_]*", re.IGNORECASE)
_BRACKET = re.compile(rf"\[\s*(?:{_OVER})\b[^\]]{{0,40}}\]", re.IGNORECASE)
# "The error rate is up 30 %" and "is up to 5" are no recoveries; "is up." and "is up: web-1" are.
_IS_UP = re.compile(
    r"\b(?:is (?:now )?(?:up|ok|back up)|is back)\b"
    r"(?=\s*(?:$|[^\w\s%+]|again\b|after\b|since\b|now\b|on\b|at\b|\*))(?!.*\bnot\b)",
    re.IGNORECASE,
)
_GREW = re.compile(rf"{MEASURED}\s+is (?:now )?(?-i:up)\b", re.IGNORECASE)
# "Recovery of db-1 failed" and "Acknowledgement missing" begin with a word of state and are news.
_PHRASE = re.compile(r"[^:|\]–—(]*?(?=\s-|-\s|[:|\]–—(]|$)")  # noqa: RUF001
_BAD_NEWS = re.compile(
    r"\b(?:fail\w*|error|aborted|impossible|unable|cannot|can.t|could|did|does|not|no|never|needed"
    r"|required|missing|overdue|late|lost|mode|stuck|timed? ?out|timeout|incomplete|rejected)\b",
    re.IGNORECASE,
)
_SEEN = re.compile(r"^[\W_]*(?:acknowledge(?:d|ment)?)\b", re.IGNORECASE)
_STATES = re.compile(
    r"\b(?:resolved(?: in [\dhms ,.]+)?|recovered|recovery|closed|cleared|solved|ok|okay|up|down"
    r"|back|normal|now|problem|firing(?::\d+)?|alarm|alerting|alert|triggered|critical|crit|warning"
    r"|warn|error|unknown|unreachable|acknowledge(?:d|ment)?|started|ended|open(?:ed)?|no data"
    r"|high|medium|low|disaster|info(?:rmation)?|is|was|to|the|in)\b",
    re.IGNORECASE,
)
_KEPT_HEADERS = ("date", "message-id", "x-priority", "importance", "auto-submitted")


def facts(raw: bytes) -> dict[str, Any]:
    """Return what a mail says. `action` and `key` are what rules may overrule."""
    mail = mime.read(raw[:KEPT])
    subject = _PREFIX.sub("", mail.subject).strip()
    found: dict[str, Any] = {
        "subject": subject,
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "body": mail.text,
        "action": _action(subject),
        "key": mail.header(KEY)
        or f"mail:{texts.digest(_stable(subject, mail.text), mail.sender)[:32]}",
        "headers": {name: text for name in _KEPT_HEADERS if (text := mail.header(name))}
        | {name: text for name, text in mail.headers[:60] if _is_tools(name)},
    }
    if mail.attachments:
        found["attachments"] = list(mail.attachments)
    if reason := answered_by_itself(mail):
        found |= {"action": IGNORE, "ignored": reason}
    if len(raw) > KEPT:
        found["cut"] = "Only the beginning of this mail was kept."
    return found


def _is_tools(name: str) -> bool:
    """Whether a header is one that tools make up: X-Zabbix-Event, but not what mail servers add."""
    return name.startswith("x-") and not name.startswith(
        ("x-alertops", "x-spam", "x-ms", "x-google", "x-gm", "x-received", "x-virus", "x-forefront")
    )


def _action(subject: str) -> str:
    """What the subject says happened: "" where it is not plain that it is over."""
    if _SEEN.match(subject) and not _is_news(subject):
        return ACKNOWLEDGE
    marks = _MARK.match(subject)
    begins = subject[marks.end() :] if marks else subject
    bare = subject.lstrip("*# \t-=!")
    is_sure = _SURE.match(begins) and not _is_news(begins)
    if _ONLY.fullmatch(subject) or _BRACKET.match(bare) or is_sure or _SAID.match(begins):
        return RESOLVE
    return RESOLVE if _IS_UP.search(subject[-60:]) and not _GREW.search(subject) else ""


def _is_news(subject: str) -> bool:
    """Whether what a subject begins with, up to its first mark, tells of something that failed."""
    return _BAD_NEWS.search(_PHRASE.match(subject.lstrip("*# \t-=!"))[0]) is not None  # type: ignore[index]


def _stable(subject: str, text: str) -> str:
    """What stays the same in a subject from the first mail to the recovery; where it is a state and
    nothing else, the same of the text's first line."""
    begins = next((line for line in text.splitlines() if line.strip()), "")[:500]
    return _bare(subject) or _bare(begins) or subject.casefold()


def _bare(line: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", _STATES.sub(" ", line.casefold())))


def answered_by_itself(mail: Mail) -> str:
    """Why a mail is no event: a sentence, or "" for one that is."""
    if mail.header(OWN):
        return "It is one of our own pages."
    if sum(name == "received" for name, _ in mail.headers) > HOPS:
        return "It has gone round in circles."
    if mail.header("content-type").lower().startswith("multipart/report"):
        return "It is a delivery report."
    if is_reply_by_machine(mail):
        return "It is an automatic reply."
    return ""


def is_reply_by_machine(mail: Mail) -> bool:
    """Whether nobody wrote it: an absence note. Tools' own mails (auto-generated) are not meant."""
    auto = mail.header("auto-submitted").lower()
    return (
        auto.startswith("auto-replied")
        or mail.header("precedence").lower() == "auto_reply"
        or any(mail.header(name) for name in ("x-autoreply", "x-autorespond", "x-autorespond-to"))
    )


_ABSENT = re.compile(
    r"(?:auto(?:matic|mated)?[ -]?(?:reply|response)|automatische antwort|abwesenheit|out of "
    r"(?:the )?office|réponse automatique|respuesta automática|risposta automatica|autosvar"
    r"|absence)",
    re.IGNORECASE,
)


def no_answer(mail: Mail, envelope_sender: str) -> str:
    """Why a mail answers no page, however it begins: "" for one that a person wrote."""
    if reason := answered_by_itself(mail):
        return reason
    if mail.header("auto-submitted").lower() not in ("", "no"):
        return "Nobody wrote it."
    if mail.header("precedence").lower() in ("bulk", "junk", "list") or mail.header("list-id"):
        return "It came by a list."
    if envelope_sender.strip() in ("", "<>"):
        return "It is a delivery report."
    if _ABSENT.search(mail.subject[:60]):
        return "It is an automatic reply."
    return ""
