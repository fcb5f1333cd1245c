"""Who else is on a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tickets import clock
from tickets.actions._lock import locked_for
from tickets.events import EventKind, record
from tickets.models import Participant
from tickets.permissions import demand_work
from tickets.states import Audience

if TYPE_CHECKING:
    from tickets.models import Contact, Ticket
    from tickets.scope import Scope


@transaction.atomic
def add(ticket: Ticket, contact: Contact, *, by: Scope) -> Participant:
    """Put somebody on the ticket, confirmed: replies reach them from now on."""
    ticket = locked_for(by, ticket)
    now = clock.now()
    participant, made = Participant.objects.get_or_create(
        ticket=ticket, contact=contact, defaults={"added_at": now, "confirmed_at": now}
    )
    if not made:
        return _confirm(participant, by=by)
    record(
        EventKind.PARTICIPANT_ADDED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        data={"contact": contact.pk, "name": str(contact)},
    )
    return participant


@transaction.atomic
def propose(ticket: Ticket, contact: Contact, *, by: Scope) -> Participant | None:
    """Note somebody a mail named in its Cc; nothing is sent to them until staff confirm (M02)."""
    if contact.pk == ticket.requester_id:
        return None
    participant, made = Participant.objects.get_or_create(
        ticket=ticket, contact=contact, defaults={"added_at": clock.now()}
    )
    if made:
        record(
            EventKind.PARTICIPANT_PROPOSED,
            by=by,
            ticket=ticket,
            data={"contact": contact.pk, "name": str(contact)},
        )
    return participant


@transaction.atomic
def confirm(participant: Participant, *, by: Scope) -> Participant:
    """Let a proposed participant in; they see what comes from now on."""
    demand_work(by, participant.ticket)
    return _confirm(participant, by=by)


def _confirm(participant: Participant, *, by: Scope) -> Participant:
    if participant.confirmed_at:
        return participant
    participant.confirmed_at = participant.added_at = clock.now()
    participant.save(update_fields=["confirmed_at", "added_at"])
    record(
        EventKind.PARTICIPANT_CONFIRMED,
        by=by,
        ticket=participant.ticket,
        audience=Audience.PUBLIC,
        data={"contact": participant.contact_id, "name": str(participant.contact)},
    )
    return participant


@transaction.atomic
def remove(participant: Participant, *, by: Scope) -> None:
    """Take somebody off the ticket: nothing more is sent to them, they no longer see it."""
    demand_work(by, participant.ticket)
    ticket, name = participant.ticket, str(participant.contact)
    contact = participant.contact_id
    participant.delete()
    record(
        EventKind.PARTICIPANT_REMOVED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        data={"contact": contact, "name": name},
    )
