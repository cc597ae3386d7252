"""Every address of the house. Each app brings its pages (`urls.py`) and its API (`api_urls.py`)."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from alertops import health, mail_events, mail_webhooks, pages

handler400 = "alertops.errors.bad_request"
handler403 = "alertops.errors.forbidden"
handler404 = "alertops.errors.not_found"
handler500 = "alertops.errors.failed"

APPS = ["accounts", "groups", "schedules", "alerts", "escalation", "integrations"]

urlpatterns = [
    path("", pages.home, name="home"),
    path("theme/", pages.theme, name="theme"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("health/engine", health.engine, name="engine-health"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/email/", pages.own_address, name="own-address"),
    path("accounts/", include("allauth.urls")),
    path("admin/login/", pages.console_sign_in, name="console-sign-in"),
    path("admin/password_change/", pages.console_password, name="console-password"),
    path("admin/", admin.site.urls),
    *mail_events.addresses(),
    *mail_webhooks.addresses(),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    *[path("api/v1/", include(f"{app}.api_urls")) for app in APPS],
    *[path("", include(f"{app}.urls")) for app in APPS],
]
