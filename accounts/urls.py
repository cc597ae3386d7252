"""A person's own pages below /me/."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []
