"""Whose thread a message belongs to, and whether its sender may speak there.

Nothing but an id that we or the outside gave to an earlier message leads to a ticket: neither
the subject nor a number in it does (security.md M04). Who may speak is `decisions.md`, "Who
speaks on a thread".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Q

from integrations.base import Authentication
from integrations.email import ids
from integrations.models import Delivery, MessageRoute
from tickets.actions.people import normal_id
from tickets.models import Identity, Participant, User
from tickets.states import Authority, IdentityKind

if TYPE_CHECKING:
    from integrations.base import Inbound, Person
    from integrations.models import Channel
    from tickets.models import SideConversation, Ticket


class Doubt(StrEnum):
    """Why a message does not go on the ticket it refers to."""

    STRANGER = "stranger"
    FORGED = "authentication_failed"
    STAFF = "staff_by_mail"


@dataclass(frozen=True, kw_only=True)
class Thread:
    """The ticket a message refers to, and the copies of ours whose tokens it brings back.

    `side`: it refers to what was said to a third party beside the ticket.
    """

    ticket: Ticket
    side: SideConversation | None = None
    copies: tuple[Delivery, ...] = ()


def find(inbound: Inbound, *, channel: Channel) -> Thread | None:
    """The thread of the nearest id that is known here. Two queries."""
    copies = _copies(inbound)
    places = {copy.token: (copy.ticket, _side_of(copy)) for copy in copies}
    for route in _routes(inbound, channel=channel):
        places.setdefault(route.remote_id.lower(), (route.message.ticket, route.message.side))
    known = (places.get(ids.token_in(name) or name.lower()) for name in inbound.answers)
    ticket, side = next((place for place in known if place), (None, None))
    if ticket is None:
        return None
    # A token of one conversation proves nothing in another.
    here = tuple(c for c in copies if (c.ticket_id, _side_of(c)) == (ticket.pk, side))
    return Thread(ticket=ticket, side=side, copies=here)


def _side_of(copy: Delivery) -> SideConversation | None:
    return copy.message.side if copy.message else None


def _copies(inbound: Inbound) -> list[Delivery]:
    tokens = [token for answered in inbound.answers if (token := ids.token_in(answered))]
    found = Delivery.objects.filter(token__in=tokens, ticket__isnull=False)
    return list(found.select_related("ticket__queue", "message__side")) if tokens else []


def _routes(inbound: Inbound, *, channel: Channel) -> list[MessageRoute]:
    here = Q(channel=channel) | Q(message__ticket__queue=channel.queue_id)
    found = MessageRoute.objects.known_as(inbound.answers).filter(here).order_by("-pk")
    rows = found.select_related("message__ticket__queue", "message__side")
    return list(rows) if inbound.answers else []


def standing(inbound: Inbound, thread: Thread) -> Authority | Doubt:
    """How far the sender may speak on the thread, or why not at all.

    Only who is on the ticket, or in the side conversation it refers to: verified by the token of
    a copy sent to that very address or when a server we trust vouches for it, else plausible.
    """
    author = inbound.author
    if author is None:
        return Doubt.STRANGER
    if is_staff(author):
        return Doubt.STAFF
    if inbound.authentication == Authentication.FAIL:
        return Doubt.FORGED
    # A token outlives what it was given for: who was taken off the ticket still holds theirs.
    if not _is_on(thread, author):
        return Doubt.STRANGER
    vouched = inbound.authentication == Authentication.PASS
    has_token = any(_was_sent_to(copy, author) for copy in thread.copies)
    return Authority.VERIFIED if vouched or has_token else Authority.PLAUSIBLE


def is_staff(person: Person) -> bool:
    """Whether an address is a colleague's, also of one who has left (security.md M01)."""
    address = normal_id(person.kind, person.external_id)
    theirs = Q(contact__identities__kind=person.kind, contact__identities__external_id=address)
    if person.kind == IdentityKind.EMAIL:
        theirs |= Q(email__iexact=address)
    return User.objects.filter(theirs, is_staff=True).exists()


def _was_sent_to(copy: Delivery, author: Person) -> bool:
    return normal_id(author.kind, copy.address) == normal_id(author.kind, author.external_id)


def _is_on(thread: Thread, author: Person) -> bool:
    """Whether the address is the requester's or a confirmed participant's; beside the ticket, a
    third party's."""
    identity = Identity.objects.filter(
        kind=author.kind, external_id=normal_id(author.kind, author.external_id)
    ).first()
    if identity is None:
        return False
    if thread.side:
        return thread.side.parties.filter(contact=identity.contact_id).exists()
    ticket = thread.ticket
    if identity.contact_id == ticket.requester_id:
        return True
    return Participant.objects.filter(
        ticket=ticket, contact=identity.contact_id, confirmed_at__isnull=False
    ).exists()
