"""Who signs in (allauth: by e-mail) and what they may do (the union of their platform roles)."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts import roles


class RoleBackend(AuthenticationBackend):
    """Django permissions computed from `User.roles`; nothing is stored per user and permission."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return bool(user_obj.is_active) and roles.allows(getattr(user_obj, "roles", ()), perm)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return bool(user_obj.is_active) and roles.allows_app(
            getattr(user_obj, "roles", ()), app_label
        )

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the patterns granted; Django asks only `has_perm`."""
        return {
            p for role in getattr(user_obj, "roles", ()) for p in roles.PERMISSIONS.get(role, ())
        }

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_all_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
