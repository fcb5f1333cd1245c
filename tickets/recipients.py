"""Whom a public reply reaches, and at which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.content import Recipient
from tickets.models import Contact, Identity
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickets.models import Ticket


def default_to(ticket: Ticket) -> list[Contact]:
    """Who is written to when nobody chose: the requester."""
    return [ticket.requester]


def default_cc(ticket: Ticket) -> list[Contact]:
    """Who gets a copy when nobody chose: the confirmed participants."""
    confirmed = ticket.participants.filter(confirmed_at__isnull=False).select_related("contact")
    return [participant.contact for participant in confirmed]


def still_on(ticket: Ticket, copies: Iterable[Recipient]) -> list[Recipient]:
    """Of frozen copies those whose readers have not been taken off the ticket since (C05)."""
    present = {str(contact.pk) for contact in default_cc(ticket)}
    return [copy for copy in copies if copy["contact"] in present]


def frozen(contacts: Iterable[Contact], *, prefer: str) -> list[Recipient]:
    """Names and addresses as they are now: what is on its way no longer changes.

    `prefer` is the kind of identity the conversation came by; who has none of that kind is
    written to by email. A contact without any address is left out.
    """
    found = (recipient_of(contact, prefer=prefer) for contact in contacts)
    return [recipient for recipient in found if recipient]


def recipient_of(contact: Contact, *, prefer: str) -> Recipient | None:
    """One contact's name and address, or None when there is no way to reach them."""
    order = {prefer: 0, IdentityKind.EMAIL.value: 1}
    identities = sorted(
        Identity.objects.filter(contact=contact),
        key=lambda identity: (order.get(identity.kind, 2), identity.pk),
    )
    if not identities:
        return None
    best = identities[0]
    return {
        "contact": str(contact.pk),
        "name": "" if contact.name == best.external_id else contact.name,
        "kind": best.kind,
        "address": best.external_id,
    }
