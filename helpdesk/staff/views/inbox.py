"""The lists: views that everybody has, and each queue; alone or beside a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from helpdesk.http import StaffRequest, staff_page
from helpdesk.staff.views import profile
from helpdesk.staff.views.ticket import ticket_context
from tickets import inbox as lists
from tickets.inbox import Cursor, Page, View
from tickets.models import Draft, DraftKind, DraftState, Queue, Ticket

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

TITLES: dict[View, StrPromise] = {
    View.OPEN: gettext_lazy("Inbox"),
    View.MINE: gettext_lazy("Mine"),
    View.UNASSIGNED: gettext_lazy("Unassigned"),
    View.WAITING: gettext_lazy("Waiting for the customer"),
    View.ENDED: gettext_lazy("Ended"),
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which list it is: a view, or the live tickets of one queue."""

    view: View
    queue: Queue | None = None

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.queue.name if self.queue else str(TITLES[self.view])

    @property
    def url(self) -> str:
        """The address of its newest page."""
        if self.queue:
            return reverse("staff:queue", args=[self.queue.slug])
        return reverse("staff:inbox", args=[self.view])


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a list and where it leads."""

    ticket: Ticket
    url: str
    is_current: bool


@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """Where a sign-in leads: the tickets that need somebody."""
    response = redirect("staff:inbox", View.OPEN)
    if request.user.is_authenticated:
        profile.keep_looks(response, request.user)
    return response


@require_safe
@staff_page
def inbox(request: StaffRequest, view: View) -> HttpResponse:
    """A view."""
    return _list(request, Listing(view=view))


@require_safe
@staff_page
def queue(request: StaffRequest, slug: str) -> HttpResponse:
    """The live tickets of one queue."""
    return _list(request, Listing(view=View.OPEN, queue=_queue_or_404(request, slug)))


@require_safe
@staff_page
def beside(request: StaffRequest, view: View, number: int) -> HttpResponse:
    """A ticket beside the list it was opened from."""
    return _beside(request, Listing(view=view), number)


@require_safe
@staff_page
def beside_queue(request: StaffRequest, slug: str, number: int) -> HttpResponse:
    """A ticket beside the list of its queue."""
    listing = Listing(view=View.OPEN, queue=_queue_or_404(request, slug))
    return _beside(request, listing, number)


def _queue_or_404(request: StaffRequest, slug: str) -> Queue:
    found = Queue.objects.filter(slug=slug, pk__in=request.scope.reachable).first()
    if found is None:
        raise Http404
    return found


def _list(request: StaffRequest, listing: Listing) -> HttpResponse:
    return render(request, "staff/inbox/list.html", _context(request, listing))


def _beside(request: StaffRequest, listing: Listing, number: int) -> HttpResponse:
    context = ticket_context(request, number)
    context |= _context(request, listing, current=number)
    return render(request, "staff/inbox/beside.html", context)


def _context(request: StaffRequest, listing: Listing, *, current: int = 0) -> dict[str, Any]:
    after, before = (Cursor.parse(request.GET.get(key)) for key in ("after", "before"))
    page = lists.page(request.scope, listing.view, queue=listing.queue, after=after, before=before)
    _add_drafts(request, page)
    return {
        "listing": listing,
        "page": page,
        "rows": [
            Row(
                ticket=ticket,
                url=f"{listing.url}{ticket.pk}/{_query(after, before)}",
                is_current=ticket.pk == current,
            )
            for ticket in page.tickets
        ],
        "newer": f"{listing.url}?before={page.newer}" if page.newer else "",
        "older": f"{listing.url}?after={page.older}" if page.older else "",
        "empty": _empty(request, listing),
        # A list that has the whole width shows one line a ticket, unless the reader chose.
        "is_wide": not current and request.COOKIES.get("density") != "comfortable",
    }


def _query(after: Cursor | None, before: Cursor | None) -> str:
    if before:
        return f"?before={before}"
    return f"?after={after}" if after else ""


def _add_drafts(request: StaffRequest, page: Page) -> None:
    """Show what the reader has begun to write in place of the last message (ux.md 1.1)."""
    mine = Draft.objects.filter(
        author=request.user,
        ticket__in=[ticket.pk for ticket in page.tickets],
        kind=DraftKind.REPLY,
        state=DraftState.DRAFT,
    )
    begun = dict(mine.values_list("ticket_id", "body"))
    for ticket in page.tickets:
        ticket.begun = begun.get(ticket.pk, "")  # type: ignore[attr-defined]


def _empty(request: StaffRequest, listing: Listing) -> dict[str, str]:
    """Which of the three cases an empty list is, and where to go from it (ux.md 1.16)."""
    if not request.scope.reachable:
        return {
            "case": "nothing",
            "title": _("You have no queue yet."),
            "text": _("An admin gives your team access to queues; then their tickets stand here."),
        }
    if listing.view == View.ENDED:
        return {"case": "nothing", "title": _("No ticket has ended yet."), "text": ""}
    if listing.view == View.WAITING:
        return {"case": "filter", "title": _("No ticket waits for a customer."), "text": ""}
    titles = {
        View.MINE: _("Nothing is assigned to you."),
        View.UNASSIGNED: _("Every ticket has somebody."),
        View.OPEN: _("All done here."),
    }
    text = _("What comes in stands here at once.")
    return {"case": "done", "title": titles[listing.view], "text": text}
