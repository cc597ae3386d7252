"""What programs and devices may do in my name: API tokens, push subscriptions. And what a browser
needs to be one of those devices: service worker and manifest."""

import json
from functools import cache

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions, tokens
from accounts.channels import push
from accounts.errors import NotAllowed
from accounts.forms import TokenForm, one_sentence
from accounts.models import ApiToken
from accounts.signed_in import person
from alertops import clock

MOST_BYTES = 4096


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """My tokens; a new one is shown on the answer to the form and never again."""
    user, now = person(request), clock.now()
    form = TokenForm(request.POST or None, user=user)
    fresh = ""
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        expires_at = now + form.life if form.life else None
        try:
            _, fresh = tokens.create(
                user,
                name=facts["name"],
                scopes=facts["scopes"],
                actor=user,
                now=now,
                expires_at=expires_at,
            )
            form = TokenForm(user=user)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
    live = ApiToken.objects.live(now).filter(user=user)
    context = {"tab": "tokens", "form": form, "fresh": fresh, "tokens": live}
    return render(request, "accounts/tokens.html", context)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a token back, at once."""
    user = person(request)
    token = get_object_or_404(ApiToken, pk=pk, user=user)
    tokens.revoke(token, actor=user, now=clock.now())
    messages.success(request, "Revoked.")
    return redirect("accounts:tokens")


@login_required
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Take this browser's push subscription (posted by static/js/push.js)."""
    user, now = person(request), clock.now()
    if len(request.body) > MOST_BYTES:
        return JsonResponse({"error": "This is not a push subscription."}, status=413)
    try:
        facts = json.loads(request.body)
        label = str(facts.pop("label", ""))[:60]
        method = actions.add_contact_method(
            user, push.Push.kind, json.dumps(facts), actor=user, now=now, label=label
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return JsonResponse({"error": "This is not a push subscription."}, status=400)
    except ValidationError as refusal:
        return JsonResponse({"error": one_sentence(refusal)}, status=400)
    except NotAllowed as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    return JsonResponse({"id": method.pk}, status=201)


@login_required
@require_safe
def push_key(request: HttpRequest) -> HttpResponse:
    """The public key a browser subscribes with."""
    return JsonResponse({"key": push.public_key()})


@require_safe
@cache_control(max_age=300)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker must come from the root to be responsible for the whole site."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@cache
def _worker() -> str:
    return (settings.BASE_DIR / "static" / "sw.js").read_text(encoding="utf-8")


@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to install the site like an app."""
    icons = [
        {"src": static(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    facts = {
        "name": "AlertOps",
        "short_name": "AlertOps",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#4f46e5",
        "icons": [icon | {"purpose": "any maskable"} for icon in icons],
    }
    return JsonResponse(facts, content_type="application/manifest+json")
