"""Every address of the house. Each app brings its pages (`urls.py`) and its API (`api_urls.py`)."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

APPS = ["accounts", "groups", "schedules", "alerts", "escalation", "integrations"]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    *[path("api/v1/", include(f"{app}.api_urls")) for app in APPS],
    *[path("", include(f"{app}.urls")) for app in APPS],
]
