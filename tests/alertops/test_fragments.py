import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import path
from pytest_django import Settings

from alertops import fragments


def whole(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"<b>{request.method} {number} {request.user} {dict(request.GET)}</b>")


def hidden(request: HttpRequest) -> HttpResponse:
    raise Http404


def elsewhere(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("oops")


urlpatterns = [
    path("whole/<int:number>/", whole, name="whole"),
    path("hidden/", hidden, name="hidden"),
    path("elsewhere/", elsewhere, name="elsewhere"),
    path("broken/", broken, name="broken"),
]


@pytest.fixture(autouse=True)
def _these_urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().post("/page/?q=1", {"x": "1"})
    request.user = AnonymousUser()
    return request


def test_a_piece_is_a_get_of_its_address_by_the_same_person(request_: HttpRequest) -> None:
    html = Template("{% load fragments %}{% fragment 'whole' 7 %}")
    said = html.render(Context({"request": request_}))
    assert said == "<b>GET 7 AnonymousUser {}</b>"
    assert request_.method == "POST"
    assert request_.path == "/page/"
    assert request_.GET["q"] == "1"


@pytest.mark.parametrize("name", ["hidden", "elsewhere", "no-such-name"])
def test_a_piece_that_is_not_there_or_not_yours_is_empty(request_: HttpRequest, name: str) -> None:
    assert fragments.render(request_, name) == ""


def test_a_broken_piece_does_not_break_the_page(
    request_: HttpRequest, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert fragments.render(request_, "broken") == ""
    assert "Fragment broken failed" in caplog.text
