"""Keys for programs: made, found, taken back. Shown once; only the SHA-256 is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import ApiToken, User

MOST_TOKENS = 50
_USED_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is: a write per call would cost more


@transaction.atomic
def create(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    actor: User | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Return the row and the token itself, which is never seen again."""
    if not name.strip():
        raise NotAllowed("Say what the token is for.")
    if not scopes or not set(scopes) <= set(ApiToken.Scope.values):
        raise NotAllowed("A token needs at least one of the scopes read, write, admin.")
    if ApiToken.Scope.ADMIN in scopes and not user.is_admin:
        raise NotAllowed("Only an Owner or App Admin can have a token that administers.")
    if expires_at is not None and expires_at <= now:
        raise NotAllowed("A token cannot expire before it is made.")
    if user.api_tokens.live(now).count() >= MOST_TOKENS:
        raise NotAllowed(f"{MOST_TOKENS} tokens are the limit; revoke one first.")
    raw = f"ao_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:60],
        prefix=raw[:10],
        digest=_digest(raw),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    audit.record("made an API token", token, actor=actor, now=now, scopes=token.scopes)
    return token, raw


@transaction.atomic
def revoke(token: ApiToken, *, actor: User | None, now: datetime) -> None:
    """From now on it opens nothing. Revoking twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record("revoked an API token", token, actor=actor, now=now)


def find(raw: str, now: datetime) -> ApiToken | None:
    """Return the live token, with its user, or None."""
    token = ApiToken.objects.live(now).select_related("user").filter(digest=_digest(raw)).first()
    if token is not None:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USED_EVERY)
        if token.last_used_at is None or token.last_used_at < now - _USED_EVERY:
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()
