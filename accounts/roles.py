"""Platform roles and what each may do. A person may hold several; permissions are the union."""

from collections.abc import Iterable

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"
    APP_ADMIN = "app_admin", "App Admin"
    INTEGRATIONS_ADMIN = "integrations_admin", "Integrations Admin"
    BILLING_ADMIN = "billing_admin", "Billing Admin"
    BASIC = "basic", "Basic"
    STAKEHOLDER = "stakeholder", "Stakeholder"


ADMIN_ROLES = frozenset({Role.OWNER, Role.APP_ADMIN})
CONSOLE_ROLES = ADMIN_ROLES | {Role.INTEGRATIONS_ADMIN}

# A pattern is "app.codename", "app.view_*" or "app.*". Only an Owner makes another Owner.
_READ = ("alerts.view_*", "groups.view_*", "schedules.view_*", "incidents.view_*")
PERMISSIONS: dict[str, tuple[str, ...]] = {
    Role.OWNER: ("*",),
    Role.APP_ADMIN: (
        "accounts.add_*",
        "accounts.change_*",
        "accounts.delete_*",
        "accounts.view_*",
        "account.*",
        "alertops.*",
        "alerts.*",
        "django_q.*",
        "escalation.*",
        "groups.*",
        "incidents.*",
        "integrations.*",
        "mfa.*",
        "schedules.*",
    ),
    Role.INTEGRATIONS_ADMIN: (
        *_READ,
        "accounts.view_user",
        "escalation.view_policy",
        "escalation.view_level",
        "escalation.view_levelchannel",
        "integrations.*",
    ),
    Role.BILLING_ADMIN: ("accounts.view_user", "accounts.view_billing"),
    Role.BASIC: (
        *_READ,
        "alerts.add_alert",
        "alerts.change_alert",
        "schedules.add_override",
        "incidents.add_incident",
        "incidents.change_incident",
    ),
    Role.STAKEHOLDER: _READ,
}


def allows(roles: Iterable[str], permission: str) -> bool:
    """Whether any of the roles grants `permission` ("app.codename"). Unknown roles: nothing."""
    return any(
        _matches(pattern, permission) for role in roles for pattern in PERMISSIONS.get(role, ())
    )


def allows_app(roles: Iterable[str], app: str) -> bool:
    """Whether any of the roles grants anything at all in one app (Django's module permission)."""
    return any(
        pattern == "*" or pattern.partition(".")[0] == app
        for role in roles
        for pattern in PERMISSIONS.get(role, ())
    )


def _matches(pattern: str, permission: str) -> bool:
    if pattern.endswith("*"):
        return permission.startswith(pattern[:-1])
    return pattern == permission
