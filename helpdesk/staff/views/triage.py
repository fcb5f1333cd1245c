"""What is done by one press: take, put back, whose turn, what kind, send again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff.back import back_to, version_seen
from integrations import outbound
from integrations.models import Delivery
from tickets.actions import assign, triage
from tickets.errors import Refused
from tickets.models import Ticket
from tickets.states import Kind, Turn


def attempt(request: StaffRequest, ticket: Ticket, act: Callable[[], object]) -> HttpResponse:
    """Do it and go back to the page; why it was refused stands there in words."""
    try:
        act()
    except Refused as refused:
        messages.warning(request, str(refused))
    return back_to(request, ticket)


@require_POST
@staff_page
def take(request: StaffRequest, number: int) -> HttpResponse:
    """Make the ticket mine (S2.4)."""
    ticket = ticket_or_404(request, number)
    seen = version_seen(request)
    return attempt(
        request, ticket, lambda: assign.take(ticket, by=request.scope, seen_version=seen)
    )


@require_POST
@staff_page
def unassign(request: StaffRequest, number: int) -> HttpResponse:
    """Put the ticket back."""
    ticket = ticket_or_404(request, number)
    seen = version_seen(request)
    return attempt(
        request, ticket, lambda: assign.unassign(ticket, by=request.scope, seen_version=seen)
    )


@require_POST
@staff_page
def turn(request: StaffRequest, number: int) -> HttpResponse:
    """Say whose turn it is."""
    ticket = ticket_or_404(request, number)
    wanted = request.POST.get("to", "")
    if wanted not in Turn.values:
        return HttpResponseBadRequest(_("There is no such turn."))
    return attempt(request, ticket, lambda: triage.set_turn(ticket, Turn(wanted), by=request.scope))


@require_POST
@staff_page
def kind(request: StaffRequest, number: int) -> HttpResponse:
    """Say what the ticket is about (S1.3); an empty word takes it back."""
    ticket = ticket_or_404(request, number)
    wanted = request.POST.get("to", "")
    if wanted and wanted not in Kind.values:
        return HttpResponseBadRequest(_("There is no such kind."))
    decided = Kind(wanted) if wanted else None
    return attempt(request, ticket, lambda: triage.set_kind(ticket, decided, by=request.scope))


@require_POST
@staff_page
def resend(request: StaffRequest, number: int, pk: int) -> HttpResponse:
    """Try again to send what was not delivered."""
    ticket = ticket_or_404(request, number)
    delivery = get_object_or_404(Delivery, pk=pk, ticket=ticket)
    return attempt(request, ticket, lambda: outbound.resend(delivery, by=request.scope))
