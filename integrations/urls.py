"""Pages of this app, and the doors for machines."""

from django.urls import include, path

app_name = "integrations"
urlpatterns = [
    path("", include("integrations.ingest_urls")),
]
