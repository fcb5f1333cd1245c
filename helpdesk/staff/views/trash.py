"""Spam and trash: off the desk by one press, the list of what lies there, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff.back import done, page_of, version_seen
from helpdesk.staff.paging import window
from tickets.actions import trash
from tickets.errors import NotAllowedNow, Refused
from tickets.models import Ticket
from tickets.permissions import can_work
from tickets.states import Aside

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# A ticket beside a list: what stands before its number is the list.
_BESIDE = re.compile(r"(/inbox/.+/)\d+/")
_TITLES: dict[Aside, StrPromise] = {
    Aside.TRASH: gettext_lazy("Trash"),
    Aside.SPAM: gettext_lazy("Spam"),
}


@require_safe
@staff_page
def shelf(request: StaffRequest, name: str = Aside.TRASH) -> HttpResponse:
    """What lies in the trash, or what is marked as spam, of the queues the reader sees."""
    if name not in Aside.values:
        raise Http404
    aside = Aside(name)
    rows = Ticket.objects.visible_to(request.scope).filter(aside=aside, purged_at=None)
    page = window(request, rows.for_inbox(), at="aside_at")
    context = {
        "aside": aside,
        "title": _TITLES[aside],
        "tabs": [
            {
                "label": title,
                "url": reverse("staff:trash-shelf", args=[one]),
                "current": one == aside,
                "count": None,
            }
            for one, title in _TITLES.items()
        ],
        "page": page,
        "rows": [(row, can_work(request.scope, row), trash.gone_at(row)) for row in page.rows],
    }
    return render(request, "staff/trash/list.html", context)


@require_POST
@staff_page
def discard(request: StaffRequest, number: int) -> HttpResponse:
    """Into the trash."""
    return _put(request, number, trash.move_to_trash)


@require_POST
@staff_page
def spam(request: StaffRequest, number: int) -> HttpResponse:
    """To the spam, with the offer to block who sent it."""
    return _put(request, number, trash.mark_as_spam)


def _put(request: StaffRequest, number: int, act: Callable[..., Ticket]) -> HttpResponse:
    ticket = ticket_or_404(request, number)
    try:
        ticket = act(ticket, by=request.scope, seen_version=version_seen(request))
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect(page_of(request, ticket))
    words: dict[str, Any] = {"number": ticket.pk}
    text = _("#%(number)s is in the trash.") % words
    if ticket.aside == Aside.SPAM:
        text = format_html(
            '{} <a href="{}">{}</a>',
            _("#%(number)s is marked as spam.") % words,
            reverse("staff:ticket-block", args=[number]),
            _("Block the sender…"),
        )
    done(request, text, undo=reverse("staff:restore", args=[number]))
    return redirect(_list_of(request, ticket))


def _list_of(request: StaffRequest, ticket: Ticket) -> str:
    """The list the ticket stood beside; else the inbox."""
    beside = _BESIDE.match(page_of(request, ticket))
    return beside[1] if beside else reverse("staff:home")


@require_POST
@staff_page
def restore(request: StaffRequest, number: int) -> HttpResponse:
    """Back on the desk as it was."""
    ticket = ticket_or_404(request, number)
    try:
        trash.restore(ticket, by=request.scope)
        done(request, _("#%(number)s is back.") % {"number": number})
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect("staff:ticket", number)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def purge(request: StaffRequest, number: int) -> HttpResponse:
    """Delete what it says for good, after asking once more; for leads."""
    ticket = ticket_or_404(request, number, Ticket.objects.select_related("queue"))
    trash.demand_purge(request.scope, ticket)
    if request.method != "POST":
        return render(request, "staff/trash/purge.html", {"ticket": ticket})
    try:
        trash.purge(ticket, by=request.scope)
        done(request, _("#%(number)s is deleted for good.") % {"number": number})
    except NotAllowedNow as refused:
        messages.warning(request, str(refused))
        return redirect("staff:ticket", number)
    return redirect("staff:trash-shelf", ticket.aside or Aside.TRASH)
