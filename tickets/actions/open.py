"""A request becomes a ticket, whichever door it came through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import clock
from tickets.actions._message import add_message
from tickets.errors import Incomplete
from tickets.events import EventKind, record
from tickets.models import Contact, Message, Participant, Product, Queue, Ticket, Via
from tickets.permissions import scope_of_contact
from tickets.states import Audience, Authority, Priority

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.content import Content
    from tickets.scope import Scope

_SUBJECT_LIMIT = 500


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked and where it goes; what nobody said has a plain default."""

    queue: Queue
    subject: str
    requester: Contact
    via: Via
    channel: str = ""
    product: Product | None = None
    requested_priority: Priority | None = None
    is_private: bool = False
    others: Sequence[Contact] = ()


@transaction.atomic
def open_ticket(
    request: Request,
    *,
    by: Scope,
    content: Content,
    authority: Authority = Authority.VERIFIED,
    occurred_at: datetime | None = None,
    written_at: datetime | None = None,
) -> Message:
    """Open a ticket with its first message, which is returned; its `.ticket` is the ticket.

    `occurred_at` is when it reached us, `written_at` when it was written, if that was long before.
    `others` become participants whom staff have yet to confirm (security.md M02). The status is
    always open: a customer can never file a closed ticket. Raises Incomplete without any text.
    """
    if not (request.subject.strip() or content.body.strip() or content.html or content.files):
        raise Incomplete(_("Say what it is about: there is no text yet."), field="body")
    opened_at = occurred_at or clock.now()
    ticket = _create(request, by=by, content=content, created_at=opened_at)
    _add_others(ticket, request.others)
    message = add_message(
        ticket,
        author=request.requester,
        content=content,
        via=request.via,
        authority=authority,
        occurred_at=min(written_at or opened_at, opened_at),
    )
    record(
        EventKind.TICKET_OPENED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        data={"queue": ticket.queue_id, "via": request.via, "message": message.pk},
        occurred_at=opened_at,
    )
    record(
        EventKind.MESSAGE_RECEIVED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        message=message,
        data={"first": True},
        occurred_at=message.occurred_at,
    )
    return message


def _create(request: Request, *, by: Scope, content: Content, created_at: datetime) -> Ticket:
    return Ticket.objects.create(
        subject=subject_of(request.subject, content.body),
        queue=request.queue,
        product=request.product,
        organisation_id=_organisation(request.requester, by=by),
        requester=request.requester,
        requested_priority=request.requested_priority or "",
        priority=request.queue.default_priority,
        is_private=request.is_private,
        origin_kind=request.via,
        origin_channel=request.channel,
        created_at=created_at,
        last_customer_at=created_at,
    )


def _organisation(requester: Contact, *, by: Scope) -> int | None:
    """Whom the requester speaks for: theirs, if they have exactly one."""
    theirs = by if by.contact == requester else scope_of_contact(requester)
    return next(iter(theirs.member_of)) if len(theirs.member_of) == 1 else None


def subject_of(subject: str, body: str) -> str:
    """One line to call the ticket by: the subject, else the first words of the text."""
    line = " ".join(subject.replace("\x00", "").split())
    if not line:
        lines = body.replace("\x00", "").splitlines()
        first = next((text.strip() for text in lines if text.strip()), "")
        line = first[:80]
    return line[:_SUBJECT_LIMIT] or _("(no subject)")


def _add_others(ticket: Ticket, others: Sequence[Contact]) -> None:
    seen = {ticket.requester_id}
    for contact in others:
        if contact.pk not in seen:
            seen.add(contact.pk)
            Participant.objects.create(ticket=ticket, contact=contact, added_at=ticket.created_at)
