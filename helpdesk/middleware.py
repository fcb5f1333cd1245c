"""What every htmx answer needs, done once: Vary, messages, redirects."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseLocation

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REDIRECTS = {301, 302, 303, 307, 308}


class HtmxChoresMiddleware:
    """Stands after `HtmxMiddleware` and `MessageMiddleware`.

    - `Vary: HX-Request`, as one address has a whole and a partial form;
    - a redirect becomes `HX-Location`, so that the page changes without a reload;
    - waiting messages ride along out of band, into the toasts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if not request.htmx:
            return response
        if response.status_code in REDIRECTS:
            return _as_location(response)
        if _takes_messages(response):
            _append_messages(request, response)
        return response


def _as_location(response: HttpResponseBase) -> HttpResponse:
    location = HttpResponseLocation(response["Location"], target="#main")
    location.cookies = response.cookies
    for name in ("Cache-Control", "Vary"):
        if name in response:
            location[name] = response[name]
    return location


def _takes_messages(response: HttpResponseBase) -> bool:
    is_html = response.get("Content-Type", "").startswith("text/html")
    return isinstance(response, HttpResponse) and is_html and "HX-Redirect" not in response


def _append_messages(request: HttpRequest, response: HttpResponse) -> None:
    if waiting := list(get_messages(request)):
        toasts = render_to_string("components/messages.html", {"waiting": waiting})
        response.write(f'<div hx-swap-oob="beforeend:#toasts">{toasts}</div>')
