"""Pages of this app."""

from django.urls import path

from alerts import views, views_act, views_bundle, views_link

app_name = "alerts"
urlpatterns = [
    path("alerts/", views.alert_list, name="list"),
    path("alerts/new/", views_act.create, name="create"),
    path("alerts/bulk/", views_act.bulk, name="bulk"),
    path("alerts/<int:number>/", views.detail, name="detail"),
    path("alerts/<int:number>/live/", views.live, name="live"),
    path("alerts/<int:number>/bundle/", views_bundle.bundle, name="bundle"),
    path("alerts/<int:number>/attach/", views_bundle.attach, name="attach"),
    path("alerts/<int:number>/detach/", views_bundle.detach, name="detach"),
    path("alerts/<int:number>/<slug:verb>/", views_act.act, name="act"),
    path("a/<str:token>/", views_link.link, name="link"),
]
