"""What other tools opened for an alert, as its page shows it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.signed_in import person
from alerts.models import Alert
from integrations.models import OutboundLink


@login_required
@require_safe
def elsewhere(request: HttpRequest, pk: int) -> HttpResponse:
    """The tickets and messages of one alert, for whoever may see it: a piece of its page."""
    alert = get_object_or_404(Alert.objects.visible_to(person(request)).only("pk"), pk=pk)
    places = OutboundLink.objects.of(alert.pk)
    return render(request, "integrations/outbound/_elsewhere.html", {"places": places})
