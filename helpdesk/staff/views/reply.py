"""Writing: the reply to the customer and the annotation for colleagues, two separate doors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.http import StaffRequest, render_form, staff_page, ticket_or_404
from helpdesk.staff import forwarding, recipients
from helpdesk.staff.back import back_to, number_in, page_of
from helpdesk.staff.composer import Composers, Filled
from helpdesk.staff.posted import keep_files, key_of, refuse_mentions, text_of
from helpdesk.staff.views.ticket import ticket_context
from integrations import wake
from tickets.actions import drafts
from tickets.actions import reply as replies
from tickets.actions.annotate import annotate as add_annotation
from tickets.errors import Refused, Stale, TooLate
from tickets.models import Draft, DraftKind, Ticket
from tickets.permissions import demand_work
from tickets.states import Status, Turn

# What the ways to send do besides sending (`then`).
_TURNS = {"keep": Turn.US}
_STATUSES = {"confirm": Status.AWAITING_CONFIRMATION, "close": Status.CLOSED}


@require_POST
@staff_page
def reply(request: StaffRequest, number: int) -> HttpResponse:
    """Take a reply: freeze it and start its undo window; whatever is wrong, the text is kept."""
    ticket = ticket_or_404(request, number)
    if request.POST.get("visibility") != "public":
        return HttpResponseBadRequest(_("Say who may read it: visibility is missing."))
    demand_work(request.scope, ticket)
    with transaction.atomic():
        drafts.in_turn(by=request.scope)
        return _replied(request, ticket)


def _replied(request: StaffRequest, ticket: Ticket) -> HttpResponse:
    body = text_of(request.POST)
    if drafts.of_key(key_of(request.POST), by=request.scope):
        return back_to(request, ticket, "#sending")
    form = recipients.form_of(request.POST)
    drafts.save(ticket, DraftKind.REPLY, body, by=request.scope, form=form)
    try:
        keep_files(request, ticket, DraftKind.REPLY)
        if "save" in request.POST or "remove" in request.POST:
            return back_to(request, ticket, "#reply")
        refuse_mentions(body, ticket)
        draft = _submit(request, ticket, body, form)
    except Stale as stale:
        return _refused(request, ticket, Filled(newer=stale.newer, held=str(stale)), status=409)
    except Refused as refused:
        return _refused(request, ticket, Filled(error=str(refused)))
    seconds = replies.UNDO_WINDOW.total_seconds()
    wake.release(draft, seconds=seconds)
    return back_to(request, ticket, "#sending")


def _submit(request: StaffRequest, ticket: Ticket, body: str, form: dict[str, Any]) -> Draft:
    post = request.POST
    then = post.get("then", "")
    chosen = recipients.chosen(ticket, form)
    recipients.demand_named(form, named=post.get("named", ""))
    return replies.submit(
        ticket,
        replies.Reply(
            body=body,
            last_seen_event=number_in(post.get("last_seen_event", "")),
            to=chosen.to,
            cc=chosen.cc,
            at=chosen.at,
            joining=chosen.joining,
            form=form,
            key=key_of(post),
            turn=_TURNS.get(then),
            status=_STATUSES.get(then),
        ),
        by=request.scope,
    )


@require_POST
@staff_page
def annotate(request: StaffRequest, number: int) -> HttpResponse:
    """Take an annotation; it can never leave (S2.3)."""
    ticket = ticket_or_404(request, number)
    if request.POST.get("visibility") != "staff":
        return HttpResponseBadRequest(_("Say who may read it: visibility is missing."))
    demand_work(request.scope, ticket)
    body, key = text_of(request.POST), key_of(request.POST)
    if drafts.of_key(key, by=request.scope):
        return back_to(request, ticket, "#latest")
    if "save" in request.POST:
        drafts.save(ticket, DraftKind.ANNOTATION, body, by=request.scope)
        return back_to(request, ticket, "#annotation")
    try:
        with transaction.atomic():
            add_annotation(ticket, body, by=request.scope)
            drafts.finish(ticket, DraftKind.ANNOTATION, key, by=request.scope)
    except Refused as refused:
        composers = Composers(annotation=Filled(body=body, error=str(refused), is_open=True))
        context = ticket_context(request, ticket.pk, composers=composers)
        return render_form(request, "staff/ticket/detail.html", context)
    except IntegrityError:
        # The same form was quicker by another way; its annotation stands.
        pass
    return back_to(request, ticket, "#latest")


@require_http_methods(["PUT"])
@staff_page
def draft(request: StaffRequest, number: int, kind: str) -> HttpResponse:
    """Keep what is being typed (draft.js); answers when it was kept, in words."""
    ticket = ticket_or_404(request, number)
    put = QueryDict(request.body, encoding="utf-8")
    saved = drafts.save(
        ticket,
        _kind_or_404(kind),
        text_of(put),
        by=request.scope,
        form=forwarding.form_of(put)
        if kind == DraftKind.FORWARD
        else recipients.form_of(put) or None,
        side=forwarding.side_of(ticket, put.get("side", "")),
    )
    return render(request, "staff/ticket/saved.html", {"saved": saved})


@require_POST
@staff_page
def discard(request: StaffRequest, number: int, kind: str) -> HttpResponse:
    """Throw a draft away."""
    ticket = ticket_or_404(request, number)
    drafts.discard(ticket, _kind_or_404(kind), by=request.scope)
    return back_to(request, ticket)


@require_POST
@staff_page
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Bring one's reply back from its undo window, as it was typed."""
    mine = Draft.objects.select_related("ticket__queue").filter(author=request.user)
    draft = get_object_or_404(mine.exclude(kind=DraftKind.ANNOTATION), pk=pk)
    ticket = ticket_or_404(request, draft.ticket_id)
    try:
        replies.undo(draft, by=request.scope)
    except TooLate as too_late:
        messages.warning(request, str(too_late))
        return back_to(request, ticket, "#latest")
    messages.success(request, _("Not sent. Your draft is back."))
    if draft.side_id:
        return redirect(
            f"{page_of(request, ticket).partition('?')[0]}?side={draft.side_id}#forward-body"
        )
    return back_to(request, ticket, f"#{draft.kind}-body")


def _kind_or_404(kind: str) -> DraftKind:
    if kind not in DraftKind.values:
        raise Http404
    return DraftKind(kind)


def _refused(
    request: StaffRequest, ticket: Ticket, form: Filled, *, status: int = 422
) -> HttpResponse:
    form.body, form.is_open = text_of(request.POST), True
    form.form = recipients.form_of(request.POST)
    context = ticket_context(request, ticket.pk, composers=Composers(reply=form))
    return render(request, "staff/ticket/detail.html", context, status=status)
