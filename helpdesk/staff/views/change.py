"""Changes that ask something: a small page with a form, its text kept when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff import forms
from helpdesk.staff.back import back_to, page_of
from tickets.errors import Conflict, Incomplete, Refused
from tickets.models import Ticket
from tickets.permissions import demand_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_stubs_ext import StrPromise


@dataclass(frozen=True, kw_only=True)
class Change:
    """A page that changes one thing."""

    form: type[forms.TicketForm]
    title: StrPromise
    verb: StrPromise

    def page(self, request: StaffRequest, number: int) -> HttpResponse:
        """Show the form, or take it; GET may say what to begin with (`?to=abandoned`)."""
        ticket = ticket_or_404(request, number, Ticket.objects.select_related("queue"))
        demand_work(request.scope, ticket)
        if request.method != "POST":
            first = {"to": request.GET["to"]} if "to" in request.GET else {}
            form = self.form(ticket=ticket, scope=request.scope, initial=first)
            return self._render(request, ticket, form)
        form = self.form(request.POST, ticket=ticket, scope=request.scope)
        if form.is_valid() and self._done(form):
            return back_to(request, ticket)
        status = 409 if form.conflict else 422
        return self._render(request, ticket, form, status=status)

    @staticmethod
    def _done(form: forms.TicketForm) -> bool:
        try:
            form.act()
        except Incomplete as incomplete:
            field = incomplete.field if incomplete.field in form.fields else None
            form.add_error(field, str(incomplete))
        except Refused as refused:
            form.conflict = isinstance(refused, Conflict)
            form.add_error(None, str(refused))
        return form.is_valid()

    def _render(
        self, request: StaffRequest, ticket: Ticket, form: forms.TicketForm, *, status: int = 200
    ) -> HttpResponse:
        if status == 409:  # noqa: PLR2004 (the person has now seen that it moved)
            data = request.POST.copy()
            data["version"] = str(Ticket.objects.only("version").get(pk=ticket.pk).version)
            form.data = data
        context = {
            "ticket": ticket,
            "form": form,
            "title": self.title,
            "verb": self.verb,
            "next": page_of(request, ticket),
        }
        return render(request, "staff/ticket/change.html", context, status=status)


def _view(change: Change) -> Callable[..., HttpResponseBase]:
    return require_http_methods(["GET", "HEAD", "POST"])(staff_page(change.page))


status = _view(
    Change(form=forms.StatusForm, title=_("Change the status"), verb=_("Change the status"))
)
priority = _view(
    Change(form=forms.PriorityForm, title=_("Assess the priority"), verb=_("Set the priority"))
)
assign = _view(Change(form=forms.AssignForm, title=_("Assign"), verb=_("Assign")))
queue = _view(Change(form=forms.QueueForm, title=_("Move to another queue"), verb=_("Move")))
labels = _view(Change(form=forms.LabelsForm, title=_("Labels"), verb=_("Set labels")))
people = _view(Change(form=forms.ParticipantForm, title=_("Add somebody"), verb=_("Add")))
link = _view(Change(form=forms.LinkForm, title=_("Link to a ticket"), verb=_("Link")))
