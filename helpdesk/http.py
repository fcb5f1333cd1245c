"""The typed requests of the front ends, who may pass, and how a view answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from tickets.models import Ticket

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django_htmx.middleware import HtmxDetails

    from tickets.models import User
    from tickets.querysets import TicketQuerySet
    from tickets.scope import Scope

P = ParamSpec("P")


class HtmxRequest(HttpRequest):
    """Any request that passed the middleware."""

    htmx: HtmxDetails


class StaffRequest(HtmxRequest):
    """A request of somebody who passed the staff guard."""

    user: User
    scope: Scope


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def staff_page(view: StaffView[P]) -> StaffView[P]:
    """Let staff pass: strangers are led to sign in, customers told that this is not for them.

    That the second factor is set up is the middleware's part (`StaffMfaMiddleware`).
    """

    @wraps(view)
    def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user: User | AnonymousUser = request.user
        if not user.is_authenticated:
            if request.htmx:
                return render(request, "staff/sign_in_again.html", status=401)
            return redirect_to_login(request.get_full_path())
        if not user.is_staff:
            return render(request, "staff/not_staff.html", status=403)
        return view(request, *args, **kwargs)

    return cast("StaffView[P]", guarded)


def ticket_or_404(
    request: StaffRequest, number: int, tickets: TicketQuerySet | None = None
) -> Ticket:
    """The ticket, if the reader may see it; unknown, forbidden and deleted look alike (C01)."""
    # A queryset is never asked whether it is true: that would read all of it.
    chosen = Ticket.objects.all() if tickets is None else tickets
    found = chosen.visible_to(request.scope).filter(pk=number, purged_at=None).first()
    if found is None:
        raise Http404
    return found


def render_partial(
    request: HtmxRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    target: str = "",
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page; or, when htmx swaps the element `target`, only its `partialdef` named `partial`
    (by default the same name as the target).
    """
    if target and request.htmx and request.htmx.target == target:
        template = f"{template}#{partial or target}"
    return render(request, template, context, status=status)


def render_form(
    request: HtmxRequest, template: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The same page with a form that was refused: 422, the text kept."""
    return render(request, template, context, status=422)
