"""Calendar feeds are made and taken back. The secret is shown once; only its SHA-256 is kept."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from groups.models import Group
from schedules import feeds
from schedules.models import CalendarFeed, Schedule

MOST_FEEDS = 50


@transaction.atomic
def create_feed(
    user: User, *, now: datetime, schedule: Schedule | None = None, group: Group | None = None
) -> tuple[CalendarFeed, str]:
    """Return the feed of a schedule, a group or one's own shifts, and its address, which is never
    seen again."""
    if not user.is_active:
        raise NotAllowed("Only active people can have a calendar feed.")
    seen = Schedule.objects.visible_to(user)
    if schedule is not None and not seen.filter(pk=schedule.pk).exists():
        raise NotAllowed("You cannot see this schedule.")
    if group is not None and not Group.objects.visible_to(user).filter(pk=group.pk).exists():
        raise NotAllowed("You cannot see this group.")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # the limit holds for double clicks
    if CalendarFeed.objects.live().filter(user=user).count() >= MOST_FEEDS:
        raise NotAllowed(f"{MOST_FEEDS} calendar feeds are the limit; revoke one first.")
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(user=user, schedule=schedule, group=group, prefix=token[:6])
    feed.digest = feeds.digest(token)
    feed.full_clean()
    feed.save()
    audit.record("made a calendar feed", feed, actor=user, now=now)
    return feed, settings.PUBLIC_URL + reverse("schedules:feed", args=[token])


@transaction.atomic
def revoke_feed(feed: CalendarFeed, *, actor: User, now: datetime) -> None:
    """From now on its address finds nothing. Revoking twice changes nothing."""
    if actor.pk != feed.user_id and not actor.is_admin:
        raise NotAllowed("This is somebody else's calendar feed.")
    if CalendarFeed.objects.live().filter(pk=feed.pk).update(revoked_at=now):
        audit.record("revoked a calendar feed", feed, actor=actor, now=now)
