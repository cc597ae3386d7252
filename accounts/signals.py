"""What higher apps hear before it happens. Whoever sends does not know who listens."""

from django.dispatch import Signal

duty_changes = Signal()
"""Who may be on call is about to change: of some `users` or of some `groups` (ids), at `now`.

Sent inside the transaction of the change, before its first lock, so that what was can be written
down first. What a listener raises stops the change.
"""
