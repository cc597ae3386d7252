"""A person's own pages below /me/, and what a browser needs for push."""

from django.urls import path

from accounts import views, views_access

app_name = "accounts"
urlpatterns = [
    path("me/", views.me, name="me"),
    path("me/sign-in/", views.security, name="security"),
    path("me/profile/", views.profile, name="profile"),
    path("me/contact-methods/add/<slug:kind>/", views.add_method, name="add-method"),
    path("me/contact-methods/<int:pk>/", views.method, name="method"),
    path("me/contact-methods/<int:pk>/code/", views.send_code, name="send-code"),
    path("me/contact-methods/<int:pk>/verify/", views.verify, name="verify"),
    path("me/contact-methods/<int:pk>/test/", views.test_method, name="test-method"),
    path("me/contact-methods/<int:pk>/remove/", views.remove_method, name="remove-method"),
    path("me/rules/<slug:urgency>/", views.rules, name="rules"),
    path("me/tokens/", views_access.token_list, name="tokens"),
    path("me/tokens/<int:pk>/revoke/", views_access.revoke_token, name="revoke-token"),
    path("me/push/", views_access.subscribe, name="subscribe"),
    path("me/push/key/", views_access.push_key, name="push-key"),
    path("sw.js", views_access.service_worker, name="service-worker"),
    path("manifest.webmanifest", views_access.manifest, name="manifest"),
]
