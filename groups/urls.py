"""Group pages below /groups/: the list, and the six tabs of each group."""

from django.urls import path

from groups import views, views_contact

app_name = "groups"
_G = "groups/<slug:slug>/"
urlpatterns = [
    path("groups/", views.group_list, name="list"),
    path("groups/-/add/", views.add, name="add"),
    path(_G, views.members, name="group"),
    path(f"{_G}members/<int:pk>/", views.change_member, name="change-member"),
    path(f"{_G}members/<int:pk>/remove/", views.remove_member, name="remove-member"),
    path(f"{_G}members/<int:pk>/<slug:step>/", views.move_member, name="move-member"),
    path(f"{_G}schedules/", views.schedules, name="schedules"),
    path(f"{_G}contact-methods/", views_contact.contact_methods, name="contact-methods"),
    path(f"{_G}contact-methods/add/<slug:kind>/", views_contact.add, name="add-contact-method"),
    path(f"{_G}contact-methods/<int:pk>/code/", views_contact.send_code, name="send-code"),
    path(f"{_G}contact-methods/<int:pk>/verify/", views_contact.verify, name="verify"),
    path(f"{_G}contact-methods/<int:pk>/remove/", views_contact.remove, name="remove-contact"),
    path(f"{_G}topics/", views.topics, name="topics"),
    path(f"{_G}permissions/", views.permissions, name="permissions"),
    path(f"{_G}settings/", views.settings, name="settings"),
]
