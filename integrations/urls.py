"""Pages of this app, and the doors for machines."""

from django.urls import include, path, re_path

from integrations import views

app_name = "integrations"
urlpatterns = [
    path("integrations/", views.integration_list, name="list"),
    path("integrations/log/", views.log, name="log"),
    path("integrations/log/<int:pk>/", views.event, name="event"),
    re_path(r"^integrations/(?P<pk>[0-9]{1,15})/$", views.detail, name="detail"),
    path("integrations/<int:pk>/key/", views.new_key, name="new-key"),
    path("integrations/<int:pk>/key/<int:key>/revoke/", views.revoke_key, name="revoke-key"),
    path("integrations/<int:pk>/state/", views.state, name="state"),
    path("integrations/<int:pk>/test/", views.send_test, name="test"),
    path("", include("integrations.ingest_urls")),
]
