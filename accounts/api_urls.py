"""Users, contact methods and tokens below /api/v1/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
