"""The few addresses that are asked hundreds of times a second: looked through before all others."""

from django.urls import include, path

from alertops import health

handler400 = "alertops.errors.bad_request"
handler403 = "alertops.errors.forbidden"
handler404 = "alertops.errors.not_found"
handler500 = "alertops.errors.failed"

urlpatterns = [
    path("", include("integrations.ingest_urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("health/engine", health.engine, name="engine-health"),
    path("metrics", health.metrics, name="metrics"),
]
