"""An alert that not even the last fallback hears of is the operators' to know, at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from alertops import operators


def tell(alert_ids: Sequence[int]) -> None:
    """Tell the operators when the caller's transaction is done. Of the self-test, nothing."""
    ours = [pk for pk in alert_ids if pk > 0]
    if not ours:
        return
    more = f" and {len(ours) - 1} more" if len(ours) > 1 else ""
    sentence = f"AlertOps: nobody at all can be reached about alert #{ours[0]}{more}."
    transaction.on_commit(lambda: operators.tell_of("unreached", sentence))
