"""The typed requests of the front ends, and how a view answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from tickets.models import User


class HtmxRequest(HttpRequest):
    """Any request that passed the middleware."""

    htmx: HtmxDetails


class StaffRequest(HtmxRequest):
    """A request of somebody who passed the staff guard."""

    user: User


class PortalRequest(HtmxRequest):
    """A request of a customer who is signed in."""

    user: User


class NoContent(HttpResponse):
    """204: done, and nothing to show."""

    status_code = 204


class Conflict(HttpResponse):
    """409: the conversation moved on; the body shows what came in, the draft stays."""

    status_code = 409


class Unprocessable(HttpResponse):
    """422: the form again, with its text and what is wrong with it."""

    status_code = 422


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
    request: HtmxRequest, template: str, context: dict[str, Any] | None = None, **kwargs: str
) -> HttpResponse:
    """The same page with a form that was refused: 422, the text kept."""
    return render_partial(request, template, context, status=422, **kwargs)
