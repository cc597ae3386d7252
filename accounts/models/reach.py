"""How each person can be reached, and in which order they want to be."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.fields import EncryptedTextField, digest, digests
from alertops.durations import SecondsField, words


class ReachableQuerySet(models.QuerySet[Any]):
    def usable(self) -> Self:
        """Verified and not switched off: the only ones ever paged."""
        return self.filter(verified_at__isnull=False, disabled_at__isnull=True)

    def at(self, kind: str, address: str) -> Self:
        """Those with this (normalised) address, whichever key it was stored under."""
        return self.filter(kind=kind, address_digest__in=digests(address))


class Reachable(models.Model):
    """A way to reach somebody: a kind of channel and an address, sealed at rest."""

    kind = models.CharField(max_length=16, help_text="How the message travels.")
    label = models.CharField(max_length=60, blank=True, help_text="Your own name for it.")
    address = EncryptedTextField()
    address_digest = models.CharField(max_length=64, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the digest in step with the address."""
        if self.address:
            self.address_digest = digest(self.address)
            if (fields := kwargs.get("update_fields")) is not None and "address" in fields:
                kwargs["update_fields"] = {*fields, "address_digest"}
        super().save(*args, **kwargs)

    @property
    def is_usable(self) -> bool:
        return self.verified_at is not None and self.disabled_at is None


class ContactMethod(Reachable):
    """One address of one person. Never used before it is verified."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_methods"
    )

    objects = ReachableQuerySet.as_manager()

    class Meta:
        ordering = ["user", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "address_digest"],
                name="contact_method_once",
                violation_error_message="This contact method is already on the list.",
            ),
        ]
        indexes = [models.Index(fields=["address_digest", "kind"], name="contact_method_address")]

    def __str__(self) -> str:
        return self.label or self.kind


class NotificationRule(models.Model):
    """ "Text me at once, call me after 3 minutes": one line of a person's own preferences."""

    class Urgency(models.TextChoices):
        HIGH = "high", "High urgency"
        LOW = "low", "Low urgency"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_rules"
    )
    urgency = models.CharField(max_length=4, choices=Urgency.choices, default=Urgency.HIGH)
    contact_method = models.ForeignKey(
        ContactMethod, on_delete=models.CASCADE, related_name="rules"
    )
    delay_seconds = SecondsField(
        "delay", default=0, help_text="How long after the page began: 0, 30 s, 5 min."
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["user", "urgency", "delay_seconds", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(urgency__in=["high", "low"]), name="notification_rule_urgency"
            ),
            models.CheckConstraint(
                condition=Q(delay_seconds__lte=86400),
                name="notification_rule_delay_a_day",
                violation_error_message="A delay is at most one day.",
            ),
            models.UniqueConstraint(
                fields=["user", "urgency", "contact_method", "delay_seconds"],
                name="notification_rule_once",
                violation_error_message="This rule is already on the list.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.urgency}: {self.contact_method} after {words(self.delay_seconds)}"


class Verification(models.Model):
    """One code, sent to prove that an address belongs to whoever typed it. Kept hashed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    address_digest = models.CharField(max_length=64)
    code_digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-sent_at"], name="verification_recent")]

    def __str__(self) -> str:
        return f"{self.kind} code of {self.sent_at:%Y-%m-%d %H:%M}"


class UnsentMessage(models.Model):
    """A code that could not be sent because its channel is not configured. Admins read it out."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    masked = models.CharField(max_length=200)
    text = EncryptedTextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["expires_at"], name="unsent_expiry")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.masked}"
