"""`manage.py rotate_field_keys`: seal every encrypted value with the first key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from accounts.fields import EncryptedTextField

BATCH = 500


class Command(BaseCommand):
    help = (
        "Seal every encrypted value with the first of FIELD_ENCRYPTION_KEYS. Put the new key "
        "first, run this, then the old key can go."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [f.name for f in model._meta.local_fields if isinstance(f, EncryptedTextField)]
            if names:
                done = sum(_rotate(model, pks) for pks in _batches(model))
                self.stdout.write(f"{model._meta.label}: {done} rows.")


def _batches(model: type[models.Model]) -> Any:
    pks = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


@transaction.atomic
def _rotate(model: type[models.Model], pks: list[Any]) -> int:
    """Saving seals anew and brings the digest along; what is unreadable stays as it is."""
    rows = list(model._base_manager.select_for_update().filter(pk__in=pks))
    for row in rows:
        row.save()
    return len(rows)
