"""Taking a ticket off the desk, as spam or into the trash, and bringing it back.

Nothing of it changes meanwhile: status, assignee and labels are as they were when it comes back.
After a month what it says is deleted for good; its number, its times and one event remain.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import attachments, clock, redaction
from tickets.actions._lock import locked, save_changed
from tickets.errors import Conflict, NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import Attachment, Draft, Notification, ThirdParty, Ticket, TicketLink
from tickets.permissions import SYSTEM, demand_work, leads_in_words
from tickets.states import Aside

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.scope import Scope

KEPT_FOR = timedelta(days=30)
_BATCH = 100


def mark_as_spam(ticket: Ticket, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Take a ticket off the desk as spam: nobody is told, nothing is answered, it counts nowhere.

    What its sender writes on it later stays there too. Raises PermissionDenied, or Conflict when
    the ticket has moved since `seen_version`.
    """
    return _put(ticket, Aside.SPAM, by=by, seen_version=seen_version)


def move_to_trash(ticket: Ticket, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Take a ticket off the desk that nobody needs; a new message of its people brings it back.

    Raises as `mark_as_spam`.
    """
    return _put(ticket, Aside.TRASH, by=by, seen_version=seen_version)


@transaction.atomic
def _put(ticket: Ticket, aside: Aside, *, by: Scope, seen_version: int | None) -> Ticket:
    ticket = _locked_for(by, ticket)
    if ticket.aside == aside:
        return ticket
    if seen_version is not None and ticket.version != seen_version:
        raise Conflict(_("Somebody changed this ticket meanwhile. Look at it again, then decide."))
    was, ticket.aside, ticket.aside_at = ticket.aside, aside, clock.now()
    save_changed(ticket, "aside", "aside_at")
    Notification.objects.filter(ticket=ticket, read_at=None).update(read_at=clock.now())
    record(EventKind.TICKET_DISCARDED, by=by, ticket=ticket, data={"from": was, "to": aside})
    return ticket


@transaction.atomic
def restore(ticket: Ticket, *, by: Scope) -> Ticket:
    """Put a ticket back on the desk as it was; one that is there already stays.

    Raises PermissionDenied, or NotAllowedNow when it was deleted for good.
    """
    ticket = _locked_for(by, ticket)
    return bring_back(ticket, by=by) if ticket.aside else ticket


def bring_back(ticket: Ticket, *, by: Scope, because: str = "") -> Ticket:
    """Put a locked ticket back on the desk and record it; for actions that have decided."""
    was, ticket.aside, ticket.aside_at = ticket.aside, "", None
    save_changed(ticket, "aside", "aside_at")
    data = {"from": was, "because": because}
    record(EventKind.TICKET_RESTORED, by=by, ticket=ticket, data=data)
    return ticket


def _locked_for(by: Scope, ticket: Ticket) -> Ticket:
    fresh = locked(ticket)
    demand_work(by, fresh)
    if fresh.purged_at:
        raise NotAllowedNow(_("This ticket was deleted for good."))
    return fresh


def gone_at(ticket: Ticket) -> datetime | None:
    """When the sweep deletes it for good; None for a ticket on the desk."""
    return ticket.aside_at + KEPT_FOR if ticket.aside_at else None


@transaction.atomic
def purge(ticket: Ticket, *, by: Scope) -> Ticket:
    """Delete what a ticket in the trash or the spam says, for good; leads and the sweep may.

    Gone are texts, files, names of those involved, labels, links and drafts; what holds its mail
    is destroyed by who hears of the event. Its number, its requester, its times and the event
    stay, so that no number is ever given twice. Raises PermissionDenied, or NotAllowedNow for a
    ticket on the desk. Twice is once.
    """
    fresh = locked(ticket)
    demand_purge(by, fresh)
    if fresh.purged_at:
        return fresh
    if not fresh.aside:
        raise NotAllowedNow(_("Only what is in the trash or the spam is deleted for good."))
    _delete_what_hangs_on(fresh)
    with redaction.door():
        fresh.messages.update(body="", quoted="", html="", to=[], cc=[])
        fresh.annotations.update(body="")
        fresh.events.update(data={})
    fresh.subject, fresh.priority_reason, fresh.reason = "", "", None
    fresh.assignee, fresh.team, fresh.purged_at = None, None, clock.now()
    save_changed(fresh, "subject", "priority_reason", "reason", "assignee", "team", "purged_at")
    record(EventKind.TICKET_PURGED, by=by, ticket=fresh, data={"from": fresh.aside})
    return fresh


def demand_purge(by: Scope, ticket: Ticket) -> None:
    """Let leads of the ticket's queue pass. Raises PermissionDenied in words that name them."""
    if by.is_system or ticket.queue_id in by.lead:
        return
    demand_work(by, ticket)
    raise PermissionDenied(
        _("Only leads delete for good. Those of %(queue)s: %(leads)s.")
        % {"queue": ticket.queue.name, "leads": leads_in_words(ticket.queue_id)}
    )


def _delete_what_hangs_on(ticket: Ticket) -> None:
    attachments.drop(Attachment.objects.filter(ticket=ticket))
    Draft.objects.filter(ticket=ticket).delete()
    Notification.objects.filter(ticket=ticket).delete()
    TicketLink.objects.filter(source=ticket).delete()
    TicketLink.objects.filter(target=ticket).delete()
    ticket.participants.all().delete()
    ThirdParty.objects.filter(side__ticket=ticket).delete()
    ticket.side_conversations.update(subject="")
    ticket.watchers.all().delete()
    ticket.labels.clear()


def purge_old() -> int:
    """Delete for good what was put aside a month ago; gives how many. Each on its own."""
    old = Ticket.objects.exclude(aside="").filter(
        purged_at=None, aside_at__lte=clock.now() - KEPT_FOR
    )
    found = list(old.order_by("aside_at")[:_BATCH])
    for ticket in found:
        purge(ticket, by=SYSTEM)
    return len(found)
