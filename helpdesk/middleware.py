"""What every request needs, done once: who asks, in which zone, and the chores of htmx."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any, TypeGuard
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseLocation

from helpdesk.accounts import has_second_factor
from helpdesk.http import HtmxRequest
from tickets.permissions import ANONYMOUS, scope_of
from tickets.scope import Scope

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REDIRECTS = {301, 302, 303, 307, 308}
# What staff may open before their second factor is set up.
BEFORE_MFA = {"account_logout", "account_login", "account_reauthenticate", "home"}


class ReadableMiddleware:
    """Refuses what no form or link of ours sends and no page could read: a form in another
    character set than UTF-8, and NUL, which PostgreSQL does not take, in an address.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding not in {None, "utf-8", "UTF-8"}:
            raise BadRequest("Forms are sent in UTF-8.")
        if "%00" in request.META["QUERY_STRING"] or "\x00" in request.path:
            raise BadRequest("An address holds no NUL.")
        return self.get_response(request)


class ScopeMiddleware:
    """Gives `request.scope`, resolved when first asked for, and the reader's time zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.scope = SimpleLazyObject(lambda: _scope(request))  # type: ignore[attr-defined]
        with timezone.override(_zone(request)):
            return self.get_response(request)


def _scope(request: HttpRequest) -> Scope:
    return scope_of(request.user) if request.user.is_authenticated else ANONYMOUS


def _zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    name = request.user.time_zone if request.user.is_authenticated else settings.TIME_ZONE
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


class StaffMfaMiddleware:
    """Staff without a second factor are led to set one up before anything else opens; the admin
    also wants a sign-in not long ago (decisions, Who is who).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Answer in the view's place when something is missing."""
        if not request.user.is_authenticated or not request.user.is_staff:
            return None
        place = request.resolver_match
        name = place.url_name or "" if place else ""
        if settings.STAFF_MFA_REQUIRED and not has_second_factor(request.user):
            if name in BEFORE_MFA or name.startswith("mfa_"):
                return None
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('mfa_activate_totp')}?{query}")
        if place and place.app_name == "admin" and name not in {"login", "logout", "jsi18n"}:
            return _proof_again(request)
        return None


def _proof_again(request: HttpRequest) -> HttpResponseBase | None:
    """To a page that asks once more who it is, and back here; nothing while that is fresh."""
    adapter = get_adapter()
    if not adapter.is_reauthentication_required(app="admin"):
        return None
    ways = adapter.get_reauthentication_methods(request.user)
    response: HttpResponseBase = suspend_request(request, ways[0]["url"])
    return response


class HtmxChoresMiddleware:
    """Stands after `HtmxMiddleware` and `MessageMiddleware`.

    - `Vary: HX-Request`, as one address has a whole and a partial form;
    - a redirect becomes `HX-Location`, so that the page changes without a reload;
    - waiting messages ride along out of band, into the toasts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HtmxRequest) -> HttpResponseBase:
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


def _takes_messages(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    is_html = response.get("Content-Type", "").startswith("text/html")
    return isinstance(response, HttpResponse) and is_html and "HX-Redirect" not in response


def _append_messages(request: HttpRequest, response: HttpResponse) -> None:
    if waiting := list(get_messages(request)):
        context = {"waiting": waiting}
        toasts = render_to_string("components/messages.html", context, request=request)
        response.write(f'<div hx-swap-oob="beforeend:#toasts">{toasts}</div>')
