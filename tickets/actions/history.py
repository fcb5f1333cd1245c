"""What happened before this product was here, as an archive tells it: nobody is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions._lock import locked
from tickets.actions._message import add_message
from tickets.actions.triage import change_status
from tickets.clock import standing_at
from tickets.events import EventKind, record
from tickets.models import Contact
from tickets.states import Audience, Status, Turn

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.content import Content
    from tickets.models import Message, Ticket, Via
    from tickets.scope import Scope


@transaction.atomic
def note_sent(
    ticket: Ticket,
    *,
    by: Scope,
    author_name: str,
    content: Content,
    via: Via,
    occurred_at: datetime,
) -> Message:
    """Append a reply that left by another program. It goes to nobody any more, so it names no
    recipients; the turn is the customer's unless they have written since.
    """
    ticket = locked(ticket)
    message = add_message(
        ticket,
        author=_colleague(author_name),
        by_staff=True,
        content=content,
        via=via,
        occurred_at=occurred_at,
    )
    turn_was = ticket.turn
    if ticket.is_live and occurred_at >= ticket.last_customer_at:
        ticket.turn = Turn.CUSTOMER
        ticket.save(update_fields=["turn"])
    record(
        EventKind.MESSAGE_SENT,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        message=message,
        data={"turn": [turn_was, ticket.turn], "imported": True},
        occurred_at=occurred_at,
    )
    return message


@transaction.atomic
def close_old(ticket: Ticket, *, by: Scope) -> None:
    """Close a ticket of an archive, as of its last message; one that has ended is left alone."""
    ticket = locked(ticket)
    last = ticket.messages.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    if last is None or not ticket.is_live:
        return
    with standing_at(last):
        change_status(ticket, Status.CLOSED, by=by, data={"because": "imported"})


def _colleague(name: str) -> Contact:
    """Whoever wrote for us then, by name alone: an address of ours is nobody's identity."""
    name = name.strip()[:200] or _("Colleague")
    known = Contact.objects.filter(name=name, identities=None, user=None, messages__by_staff=True)
    return known.first() or Contact.objects.create(name=name)
