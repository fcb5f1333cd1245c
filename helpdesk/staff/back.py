"""The way back from a form, and what the form had seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse

from helpdesk.accounts import is_own_path

if TYPE_CHECKING:
    from helpdesk.http import StaffRequest
    from tickets.models import Ticket

# Any number of so many digits fits into 64 bits.
_LONGEST_NUMBER = 18


def page_of(request: StaffRequest, ticket: Ticket) -> str:
    """The page a form stood on, which may be the ticket beside a list; else the ticket's own."""
    page = request.POST.get("next", "") or request.GET.get("next", "")
    return page if is_own_path(page) else reverse("staff:ticket", args=[ticket.pk])


def back_to(request: StaffRequest, ticket: Ticket, fragment: str = "") -> HttpResponseRedirect:
    """A redirect there."""
    return HttpResponseRedirect(page_of(request, ticket) + fragment)


def done(request: StaffRequest, words: str, *, undo: str = "") -> None:
    """Say on the next page what was done; `undo` is the address that takes it back."""
    messages.success(request, words, extra_tags=undo)


def version_seen(request: StaffRequest) -> int | None:
    """The ticket's version the form was made from; None when it does not say."""
    return number_in(request.POST.get("version", ""))


def number_in(text: str) -> int | None:
    """A number a form carries, as far as the database can hold it; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None
