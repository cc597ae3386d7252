"""Who uses a policy: everything that points at it, also from apps above this one.

Read from Django's own relations, so that integrations need not be imported to be counted.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, ForeignObjectRel, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from escalation.models import GroupPolicy, Level, Policy, PolicyVersion

_PARTS = (Level, PolicyVersion)


def _users() -> list[tuple[str, ForeignObjectRel]]:
    """Each relation that makes somebody a user, by a name for its count."""
    found = Policy._meta.get_fields(include_hidden=True)
    return [
        (f"used_{field.related_model._meta.model_name}_{field.field.name}", field)
        for field in found
        if isinstance(field, ForeignObjectRel) and field.related_model not in _PARTS
    ]


def with_usage(policies: QuerySet[Policy]) -> QuerySet[Policy]:
    """Count users of each policy in the same query; `usage_words` reads the counts."""
    return policies.annotate(**{name: _count(relation) for name, relation in _users()})


def usage_words(policy: Any) -> str:
    """ "2 groups, 1 integration" for a policy from `with_usage`; "" when nobody uses it."""
    return ", ".join(
        _counted(getattr(policy, name), relation)
        for name, relation in _users()
        if getattr(policy, name)
    )


def used_by(policy: Policy) -> str:
    """The same for one policy."""
    found = with_usage(Policy.objects.filter(pk=policy.pk)).first()
    return usage_words(found) if found else ""


def _count(relation: ForeignObjectRel) -> Coalesce:
    name = relation.field.name
    model: Any = relation.related_model
    mine = model._base_manager.filter(**{name: OuterRef("pk")}).order_by().values(name)
    counted = Subquery(mine.annotate(many=Count("pk")).values("many"), IntegerField())
    return Coalesce(counted, 0)


def _counted(count: int, relation: ForeignObjectRel) -> str:
    meta: Any = relation.related_model._meta
    if relation.related_model is GroupPolicy:
        return f"{count} group{'s' if count != 1 else ''}"
    return f"{count} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"
