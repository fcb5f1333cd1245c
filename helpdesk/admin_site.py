"""The configuration pages as a whole: who is let in, by which door, and what they are called."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _


class Site(AdminSite):
    """Stock admin for staff who may configure at least something."""

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows: these pages are called by the host they configure."""
        name = _("Configuration of %(host)s") % {"host": settings.BASE_HOST}
        return {**super().each_context(request), "site_header": name, "site_title": name}

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with a right; to be staff alone opens nothing here (security.md C06)."""
        user = request.user
        return super().has_permission(request) and (
            user.is_superuser or bool(user.get_all_permissions())
        )

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """The one sign-in, with its second factor; who is signed in and has no right gets 404."""
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:  # noqa: ARG002
        """The one page for it, which asks who it is first."""
        return redirect("account_change_password")
