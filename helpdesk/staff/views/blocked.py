"""Blocked senders: the list, and blocking from a mail, a ticket or by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff.back import done
from helpdesk.staff.forms import BlockForm
from helpdesk.staff.paging import window
from helpdesk.staff.views.held import original_or_404, sender_of, tabs
from integrations import blocking, held
from integrations.models import BlockedSender
from tickets.errors import Incomplete, Refused
from tickets.models import Identity, Ticket
from tickets.permissions import demand_work
from tickets.states import Aside, IdentityKind

if TYPE_CHECKING:
    from integrations.models import RawInbound


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def blocked(request: StaffRequest) -> HttpResponse:
    """Everybody who is blocked, and a form to block somebody."""
    _demand_place(request)
    form = BlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _block(request, form):
        return redirect("staff:blocked")
    page = window(request, BlockedSender.objects.select_related("blocked_by"), at="since")
    context = {
        "form": form,
        "page": page,
        "tabs": tabs(request, current="blocked"),
        "may_block_domains": blocking.may_block(request.scope, whole_domain=True),
    }
    status = 422 if form.errors else 200
    return render(request, "staff/held/blocked.html", context, status=status)


@require_POST
@staff_page
def unblock(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a sender in again."""
    _demand_place(request)
    row = get_object_or_404(BlockedSender, pk=pk)
    blocking.unblock(row, by=request.scope)
    words = _("%(sender)s is no longer blocked. What came meanwhile is kept: see Needed no ticket.")
    done(request, words % {"sender": row.sender})
    return redirect("staff:blocked")


def _demand_place(request: StaffRequest) -> None:
    """Who may block nobody has no such page."""
    if not blocking.may_block(request.scope):
        raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def of_original(request: StaffRequest, pk: int) -> HttpResponse:
    """Block whoever sent a mail that became no ticket."""
    raw = original_or_404(request, pk)
    understood = held.readable(raw) if raw.sealed_key else None
    page = _Page(
        address=sender_of(raw, understood),
        what=raw.subject,
        back=reverse("staff:original", args=[pk]),
        raw=raw,
    )
    return page.respond(request)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def of_ticket(request: StaffRequest, number: int) -> HttpResponse:
    """Block whoever asked for a ticket."""
    ticket = ticket_or_404(request, number, Ticket.objects.select_related("queue"))
    demand_work(request.scope, ticket)
    known = Identity.objects.filter(contact=ticket.requester_id, kind=IdentityKind.EMAIL)
    address = known.order_by("pk").values_list("external_id", flat=True).first() or ""
    page = _Page(
        address=address,
        what=f"#{ticket.pk} {ticket.subject}",
        back=reverse("staff:ticket", args=[number]),
        ticket=ticket,
    )
    return page.respond(request)


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A page that blocks the sender of one thing."""

    address: str
    what: str
    back: str
    raw: RawInbound | None = None
    ticket: Ticket | None = None

    def respond(self, request: StaffRequest) -> HttpResponse:
        """Show the form, or take it."""
        form = BlockForm(request.POST or None, initial={"sender": self.address})
        if request.method == "POST" and form.is_valid() and _block(request, form, self.ticket):
            if self.raw and "spam" in request.POST:
                return self._spam(request, self.raw)
            return redirect(self.back)
        domain = self.address.rpartition("@")[2]
        context = {
            "form": form,
            "what": self.what,
            "back": self.back,
            "offers_spam": self.raw is not None and not self.raw.aside,
            "domain": domain if self._may_block(request, domain) else "",
        }
        status = 422 if form.errors else 200
        return render(request, "staff/held/block.html", context, status=status)

    @staticmethod
    def _may_block(request: StaffRequest, domain: str) -> bool:
        may = blocking.may_block(request.scope, whole_domain=True)
        return may and blocking.can_be_blocked(domain)

    @staticmethod
    def _spam(request: StaffRequest, raw: RawInbound) -> HttpResponse:
        try:
            held.set_aside(raw, Aside.SPAM, by=request.scope)
        except Refused as refused:
            messages.warning(request, str(refused))
            return redirect("staff:original", raw.pk)
        return redirect("staff:held")


def _block(request: StaffRequest, form: BlockForm, ticket: Ticket | None = None) -> bool:
    """Block what the form says; what is wrong with it stands at its field."""
    given: dict[str, Any] = form.cleaned_data
    try:
        row = blocking.block(
            given["sender"],
            by=request.scope,
            reason=given["reason"],
            until=form.end,
            ticket=ticket,
        )
    except Incomplete as incomplete:
        form.add_error(incomplete.field, str(incomplete))
    except Refused as refused:
        form.add_error("sender", str(refused))
    else:
        words = _("Blocked: %(sender)s. Their mail is kept, but becomes no ticket.")
        done(request, words % {"sender": row.sender})
    return form.is_valid()
