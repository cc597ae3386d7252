"""People, how each can be reached, what they may do, and who changed what."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from accounts.fields import EncryptedTextField, digest, digests, validate_time_zone
from accounts.roles import ADMIN_ROLES, CONSOLE_ROLES, Role


def _basic() -> list[str]:
    return [Role.BASIC.value]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add a person. Without a password nobody can sign in as them until they set one."""
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add an Owner (`manage.py createsuperuser`)."""
        return self.create_user(email, password, roles=[Role.OWNER.value], **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def active(self) -> models.QuerySet["User"]:
        return self.filter(is_active=True)

    def admins(self) -> models.QuerySet["User"]:
        """Owners and App Admins: paged when nobody else can be."""
        return self.active().filter(roles__overlap=sorted(ADMIN_ROLES)).order_by("pk")


class User(AbstractBaseUser):
    """A person. Signs in by e-mail; holds platform roles; is reached by contact methods."""

    email = models.EmailField(
        "e-mail",
        unique=True,
        error_messages={"unique": "Somebody already uses this e-mail address."},
    )
    name = models.CharField(max_length=120)
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="An IANA zone such as Europe/Vienna; times are shown in it.",
    )
    roles = ArrayField(
        models.CharField(max_length=24, choices=Role.choices),
        default=_basic,
        help_text="What the person may do everywhere. Being on call does not depend on it, "
        "except that a Stakeholder is never paged.",
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Inactive people cannot sign in and are never paged."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=Role.values) & ~Q(roles=[]), name="user_roles_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="user_admins", condition=Q(roles__overlap=sorted(ADMIN_ROLES))
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = (self.email or "").strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email

    @property
    def is_admin(self) -> bool:
        """Owner or App Admin: sees and edits everything."""
        return self.is_active and not ADMIN_ROLES.isdisjoint(self.roles)

    @property
    def is_owner(self) -> bool:
        return self.is_active and Role.OWNER in self.roles

    @property
    def is_staff(self) -> bool:
        """May open the console (Django's name for it)."""
        return self.is_active and not CONSOLE_ROLES.isdisjoint(self.roles)

    @property
    def is_superuser(self) -> bool:
        """Django's name for an Owner."""
        return self.is_owner

    @property
    def is_stakeholder(self) -> bool:
        """Nothing but a Stakeholder: informed, never paged, never put into a rotation."""
        return set(self.roles) == {Role.STAKEHOLDER}

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return any(b.has_perm(self, permission, obj) for b in get_backends())  # type: ignore[arg-type]

    def has_perms(self, permissions: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return any(b.has_module_perms(self, app_label) for b in get_backends())  # type: ignore[attr-defined]


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
    delay_seconds = models.PositiveIntegerField(
        default=0, help_text="How long after the page began: 0, 30 s, 5 min."
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
        return f"{self.urgency}: {self.contact_method} after {self.delay_seconds} s"


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


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self, now: datetime) -> Self:
        """Neither revoked nor expired, of a person who is still active."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        return self.filter(unexpired, revoked_at__isnull=True, user__is_active=True)


class ApiToken(models.Model):
    """A key for programs. Shown once; only its SHA-256 is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Change"
        ADMIN = "admin", "Administer"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=60, help_text="What it is for.")
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope.choices))
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = [F("revoked_at").asc(nulls_first=True), "-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=["read", "write", "admin"]) & ~Q(scopes=[]),
                name="api_token_scopes_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """Who changed what, when. Append-only: a trigger refuses updates and deletes.

    The actor is a loose reference with the name beside it, so the trail outlives the person.
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict, help_text="Facts, never secrets or addresses.")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-at"], name="audit_subject"),
            models.Index(fields=["-at"], name="audit_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or 'The system'} {self.verb} {self.subject_name}"
