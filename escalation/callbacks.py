"""`/channels/<kind>/<what>/…`: where providers report. The channel checks the signature."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.channels import CHANNELS
from accounts.channels.base import Forged
from alertops import clock
from escalation import receipts


@csrf_exempt  # the provider's signature is what permits
@require_POST
def callback(request: HttpRequest, kind: str, what: str, token: str = "") -> HttpResponse:
    """Take one callback. 403 when its signature is wrong, 404 for a token we never gave out."""
    channel = CHANNELS.get(kind)
    if channel is None:
        raise Http404
    try:
        received = channel.receive(request, what, token)
        answer = receipts.handle(kind, received, clock.now())
    except Forged:
        return JsonResponse({"error": "The signature of this callback is wrong."}, status=403)
    except receipts.UnknownToken:
        return JsonResponse({"error": "No message of ours carries this token."}, status=404)
    return channel.respond(received, answer)
