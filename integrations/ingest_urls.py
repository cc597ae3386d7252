"""The doors for machines."""

from django.urls import path, re_path

from integrations.enqueue import Enqueue
from integrations.ingest import Ingest

urlpatterns = [
    re_path(r"^integrations/(?P<key>[^/]+)/?$", Ingest.as_view(), name="ingest"),
    path("v2/enqueue", Enqueue.as_view(), name="enqueue"),
    path("v2/enqueue/", Enqueue.as_view()),
]
