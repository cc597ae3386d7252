"""API of this app, below /api/v1/."""

from django.urls import path

from integrations import api

urlpatterns = [
    path("events/<int:pk>/", api.OneEvent.as_view(), name="api-event"),
    path("integrations/", api.Integrations.as_view(), name="api-integrations"),
    path("integrations/<int:pk>/", api.OneIntegration.as_view(), name="api-integration"),
    path("integrations/<int:pk>/rotate-key/", api.RotateKey.as_view(), name="api-rotate-key"),
    path("integrations/<int:pk>/keys/", api.Keys.as_view(), name="api-integration-keys"),
    path("keys/<int:pk>/", api.OneKey.as_view(), name="api-key"),
    path("integrations/<int:pk>/routes/", api.Routes.as_view(), name="api-integration-routes"),
    path("routes/<int:pk>/", api.OneRoute.as_view(), name="api-route"),
]
