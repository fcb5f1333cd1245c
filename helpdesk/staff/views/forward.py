"""Writing to a third party beside the ticket: forward, answer, close, open again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff import forwarding, recipients
from helpdesk.staff.back import back_to, number_in
from helpdesk.staff.composer import Composers, Filled
from helpdesk.staff.posted import keep_files, key_of, refuse_mentions, text_of
from helpdesk.staff.views.ticket import ticket_context
from integrations import wake
from tickets.actions import drafts
from tickets.actions import forward as forwards
from tickets.errors import Refused, Stale
from tickets.models import DraftKind, SideConversation
from tickets.permissions import demand_work
from tickets.states import Turn

if TYPE_CHECKING:
    from tickets.models import Draft, Ticket

_VISIBILITY = "third_party"


@require_POST
@staff_page
def forward(request: StaffRequest, number: int) -> HttpResponse:
    """Take what goes to a third party: freeze it and start its undo window; its text is kept."""
    ticket = ticket_or_404(request, number)
    if request.POST.get("visibility") != _VISIBILITY:
        return HttpResponseBadRequest(_("Say who may read it: visibility is missing."))
    demand_work(request.scope, ticket)
    named = request.POST.get("side", "")
    side = forwarding.side_of(ticket, named)
    if named and side is None:
        raise Http404
    with transaction.atomic():
        drafts.in_turn(by=request.scope)
        return _forwarded(request, ticket, side)


def _forwarded(
    request: StaffRequest, ticket: Ticket, side: SideConversation | None
) -> HttpResponse:
    if drafts.of_key(key_of(request.POST), by=request.scope):
        return back_to(request, ticket, "#sending")
    body, form = text_of(request.POST), forwarding.form_of(request.POST)
    drafts.save(ticket, DraftKind.FORWARD, body, by=request.scope, form=form, side=side)
    try:
        keep_files(request, ticket, DraftKind.FORWARD, side=side)
        if "save" in request.POST or "remove" in request.POST:
            return back_to(request, ticket, "#forward")
        refuse_mentions(body, ticket)
        draft = _submit(request, ticket, side, form)
    except Stale as stale:
        return _refused(request, ticket, Filled(newer=stale.newer, held=str(stale)), status=409)
    except Refused as refused:
        return _refused(request, ticket, Filled(error=str(refused)))
    wake.release(draft, seconds=forwards.UNDO_WINDOW.total_seconds())
    return back_to(request, ticket, "#sending")


def _submit(
    request: StaffRequest, ticket: Ticket, side: SideConversation | None, form: dict[str, Any]
) -> Draft:
    post = request.POST
    chosen = forwarding.chosen(ticket, side, form)
    recipients.demand_named(form, named=post.get("named", ""))
    written = forwards.Forward(
        body=text_of(post),
        last_seen_event=number_in(post.get("last_seen_event", "")),
        to=chosen.to,
        at=chosen.at,
        subject=form["subject"],
        messages=chosen.messages,
        files=chosen.files,
        form=form,
        key=key_of(post),
        turn=Turn.US if post.get("then") == "keep" else None,
    )
    return forwards.submit(ticket, written, by=request.scope, side=side)


def _refused(
    request: StaffRequest, ticket: Ticket, form: Filled, *, status: int = 422
) -> HttpResponse:
    form.body, form.is_open = text_of(request.POST), True
    form.form = forwarding.form_of(request.POST)
    context = ticket_context(request, ticket.pk, composers=Composers(forward=form))
    return render(request, "staff/ticket/detail.html", context, status=status)


@require_POST
@staff_page
def side(request: StaffRequest, number: int, pk: int) -> HttpResponse:
    """Close a side conversation, or open it again."""
    ticket = ticket_or_404(request, number)
    found = SideConversation.objects.select_related("ticket__queue").filter(ticket=ticket, pk=pk)
    conversation = found.first()
    if conversation is None:
        raise Http404
    act = request.POST.get("act")
    try:
        if act == "close":
            seen = number_in(request.POST.get("seen", ""))
            forwards.close(conversation, by=request.scope, seen=seen)
        elif act == "reopen":
            forwards.reopen(conversation, by=request.scope)
        else:
            return HttpResponseBadRequest(_("There is no such act."))
    except Refused as refused:
        messages.warning(request, str(refused))
    return back_to(request, ticket)
