"""A customer's next message on a ticket, whichever door it came through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from tickets import clock
from tickets.actions._lock import locked
from tickets.actions._message import add_message
from tickets.actions.trash import bring_back
from tickets.actions.triage import change_status
from tickets.events import EventKind, record
from tickets.states import Aside, Audience, Authority, Status, Turn

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.content import Content
    from tickets.models import Contact, Message, Ticket, Via
    from tickets.scope import Scope

# After this long a closed ticket stays closed, and an answer opens a follow-up.
REOPEN_WINDOW = timedelta(days=14)


@transaction.atomic
def receive(
    ticket: Ticket,
    *,
    by: Scope,
    author: Contact,
    content: Content,
    via: Via,
    authority: Authority = Authority.VERIFIED,
    occurred_at: datetime | None = None,
) -> Message:
    """Append what a customer wrote: the turn becomes ours, an ended ticket opens again.

    The caller has decided that this author may speak here, and how sure we are (`authority`).
    A ticket in the trash comes back: somebody still needs an answer. One marked as spam stays
    there, with what came.
    """
    ticket = locked(ticket)
    if ticket.aside == Aside.TRASH:
        bring_back(ticket, by=by, because="customer_answered")
    now = clock.now()
    written = occurred_at or now
    message = add_message(
        ticket,
        author=author,
        content=content,
        via=via,
        authority=authority,
        occurred_at=written,
    )
    ticket.last_customer_at = max(ticket.last_customer_at, min(written, now))
    turn_was, ticket.turn = ticket.turn, Turn.US
    ticket.save(update_fields=["last_customer_at", "turn"])
    record(
        EventKind.MESSAGE_RECEIVED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        message=message,
        data={"turn": [turn_was, ticket.turn]},
        occurred_at=written,
    )
    if not ticket.is_live and not ticket.aside:
        change_status(ticket, _reopened(ticket), by=by, data={"because": "customer_answered"})
    return message


@transaction.atomic
def file(
    ticket: Ticket,
    *,
    by: Scope,
    author: Contact,
    content: Content,
    via: Via,
    authority: Authority,
    occurred_at: datetime,
) -> Message:
    """Keep what a program wrote, such as an out-of-office notice: it opens no ticket again,
    changes no turn and calls nobody. As in `receive`, the caller has decided that it belongs here.
    """
    ticket = locked(ticket)
    message = add_message(
        ticket,
        author=author,
        content=replace(content, is_automatic=True),
        via=via,
        authority=authority,
        occurred_at=occurred_at,
    )
    record(
        EventKind.MESSAGE_FILED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        message=message,
        occurred_at=occurred_at,
    )
    return message


def may_reopen(ticket: Ticket) -> bool:
    """Whether an answer still opens this ticket again, rather than a follow-up."""
    if ticket.purged_at:
        return False
    if ticket.aside:
        return True
    if ticket.is_live:
        return True
    ended = (
        ticket.events.filter(kind=EventKind.TICKET_STATUS_CHANGED)
        .order_by("-id")
        .values_list("occurred_at", flat=True)
        .first()
    )
    return ended is None or clock.now() - ended <= REOPEN_WINDOW


def _reopened(ticket: Ticket) -> Status:
    return Status.IN_PROGRESS if ticket.assignee_id else Status.OPEN
