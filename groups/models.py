"""Teams: who is in them, in which order and role, how the team itself is reached, who may look."""

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.fields import validate_time_zone
from accounts.models import Reachable, ReachableQuerySet, User


class GroupQuerySet(models.QuerySet["Group"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Groups open to everyone, one's own, and for admins all."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_admin:
            return self.all()
        mine = Member.objects.filter(group=OuterRef("pk"), user=user)
        return self.filter(Q(visibility=Group.Visibility.EVERYONE) | Exists(mine))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Groups whose members, contact methods and topics the person may change."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_admin:
            return self.all()
        return self.filter(
            Exists(Member.objects.filter(group=OuterRef("pk"), user=user, can_edit=True))
        )


_Groups = models.Manager.from_queryset(GroupQuerySet)


class GroupManager(_Groups["Group"]):
    """Groups of people. Below zero lives the house's own self-test, which nobody ever sees."""

    def get_queryset(self) -> GroupQuerySet:
        return GroupQuerySet(self.model, using=self._db).filter(pk__gt=0)


class Group(models.Model):
    """A team that shares responsibility for a class of alerts. Policies, schedules attach."""

    class Visibility(models.TextChoices):
        EVERYONE = "everyone", "Everyone who signs in"
        MEMBERS = "members", "Members only"

    name = models.CharField(
        max_length=120,
        unique=True,
        error_messages={"unique": "There is already a group of this name."},
    )
    slug = models.SlugField(max_length=80, unique=True, help_text="Its name in addresses.")
    description = models.TextField(blank=True)
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="An IANA zone such as Europe/Vienna.",
    )
    visibility = models.CharField(
        max_length=8,
        choices=Visibility.choices,
        default=Visibility.EVERYONE,
        help_text="Who may see the group and its alerts.",
    )
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = GroupManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=["everyone", "members"]), name="group_visibility_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person in a group. The three roles are independent check boxes; sequence is the order."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    sequence = models.PositiveIntegerField(help_text="Lower is asked first.")
    is_primary = models.BooleanField(
        "Primary", default=False, help_text="First person expected to respond."
    )
    is_secondary = models.BooleanField(
        "Secondary", default=False, help_text="Backup if the Primary does not acknowledge."
    )
    is_manager = models.BooleanField(
        "Manager", default=False, help_text="Final escalation point; never rotated."
    )
    can_edit = models.BooleanField(
        "may edit", default=False, help_text="May change this group's members and settings."
    )

    class Meta:
        ordering = ["group", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user"],
                name="member_once",
                violation_error_message="This person is already in the group.",
            ),
            models.UniqueConstraint(
                fields=["group", "sequence"],
                name="member_sequence_once",
                deferrable=Deferrable.DEFERRED,
                violation_error_message="Two members cannot have the same place in the order.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        roles = self.is_primary or self.is_secondary or self.is_manager
        if roles and self.user_id and self.user.is_stakeholder:
            raise ValidationError(
                f"{self.user} is a Stakeholder and cannot be Primary, Secondary or Manager; "
                "give them the Basic role first."
            )

    @property
    def roles(self) -> list[str]:
        """The words for the check boxes that are set, first responder first."""
        flags = {
            "Primary": self.is_primary,
            "Secondary": self.is_secondary,
            "Manager": self.is_manager,
        }
        return [word for word, is_set in flags.items() if is_set]


class GroupContactMethod(Reachable):
    """How the group itself is reached when a member is not specifically named."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="contact_methods")

    objects = ReachableQuerySet.as_manager()

    class Meta:
        ordering = ["group", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "kind", "address_digest"],
                name="group_contact_method_once",
                violation_error_message="This contact method is already on the list.",
            ),
        ]
        indexes = [
            models.Index(fields=["address_digest", "kind"], name="group_contact_method_address")
        ]

    def __str__(self) -> str:
        return self.label or self.kind


class Topic(models.Model):
    """A tag that helps to route alerts to the group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="topics")
    name = models.CharField(max_length=60, db_index=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "name"],
                name="topic_once",
                violation_error_message="The group already has this topic.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = self.name.strip().lower()
        super().save(*args, **kwargs)
