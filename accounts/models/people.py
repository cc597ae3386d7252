"""People and what they may do."""

from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from accounts.fields import validate_time_zone
from accounts.roles import ADMIN_ROLES, CONSOLE_ROLES, Role


def only_basic() -> list[str]:
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

    def responders(self) -> models.QuerySet["User"]:
        """Who may be paged and answers alerts: everybody here but mere Stakeholders."""
        return self.active().exclude(roles__contained_by=[Role.STAKEHOLDER])

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
        default=only_basic,
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
        verbose_name, verbose_name_plural = "person", "people"
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
        return any(b.has_perm(self, permission, obj) for b in get_backends())

    def has_perms(self, permissions: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return any(b.has_module_perms(self, app_label) for b in get_backends())  # type: ignore[attr-defined]
