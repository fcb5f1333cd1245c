"""Who else is on a ticket: one press each, and the addresses that are suggested."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff import people
from helpdesk.staff.back import back_to
from helpdesk.staff.views.triage import attempt
from tickets.actions import addresses, participants
from tickets.models import Identity, Participant
from tickets.permissions import demand_work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ACTS: Mapping[str, Callable[..., object]] = {
    "confirm": participants.confirm,
    "refuse": participants.refuse,
    "remove": participants.remove,
    "show-all": partial(participants.show, everything=True),
    "show-less": partial(participants.show, everything=False),
}


@require_POST
@staff_page
def participant(request: StaffRequest, number: int, pk: int) -> HttpResponse:
    """Let somebody in whom a mail named, or keep them out; share, or take somebody off."""
    ticket = ticket_or_404(request, number)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        return HttpResponseBadRequest(_("There is no such act."))
    found = Participant.objects.select_related("contact", "ticket__queue")
    person = found.filter(ticket=ticket, pk=pk).first()
    if person is None:
        # Another window, or a colleague, was quicker.
        messages.warning(request, _("They were taken off the ticket meanwhile."))
        return back_to(request, ticket)
    return attempt(request, ticket, lambda: act(person, by=request.scope))


@require_safe
@staff_page
def suggest(request: StaffRequest, number: int) -> HttpResponse:
    """Known addresses for what stands in a field; whichever field asks sends only itself."""
    ticket = ticket_or_404(request, number)
    demand_work(request.scope, ticket)
    text = next((str(text) for text in request.GET.values()), "")
    known = people.suggestions(text, ticket, scope=request.scope)
    return render(request, "staff/ticket/known.html", {"known": known})


@require_POST
@staff_page
def reachable(request: StaffRequest, number: int, pk: int) -> HttpResponse:
    """Say that mail does arrive at an address whose mail came back."""
    ticket = ticket_or_404(request, number)
    owners = [ticket.requester_id, *ticket.participants.values_list("contact", flat=True)]
    identity = get_object_or_404(Identity, pk=pk, contact__in=owners)
    return attempt(
        request,
        ticket,
        lambda: addresses.call_reachable(identity, ticket=ticket, by=request.scope),
    )
