"""Whom a public reply reaches, and at which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from tickets.content import Recipient
from tickets.events import EventKind
from tickets.models import Contact, Identity
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tickets.models import Ticket

_NOWHERE: Mapping[int, str] = {}


def default_to(ticket: Ticket) -> list[Contact]:
    """Who is written to when nobody chose: the requester."""
    return [ticket.requester]


def default_cc(ticket: Ticket) -> list[Contact]:
    """Who gets a copy when nobody chose: the confirmed participants."""
    confirmed = ticket.participants.filter(confirmed_at__isnull=False).select_related("contact")
    return [participant.contact for participant in confirmed]


def still_on(ticket: Ticket, chosen: Iterable[Recipient], *, since: datetime) -> list[Recipient]:
    """Of frozen recipients those who were not taken off the ticket since, nor their address (C05).

    Who was chosen for one reply alone was never on the ticket, and stays chosen.
    """
    chosen = list(chosen)
    gone = _taken_off(ticket, since=since)
    kept = [person for person in chosen if person["contact"] not in gone]
    known = _known_addresses(kept)
    return [person for person in kept if (person["kind"], person["address"]) in known]


def _taken_off(ticket: Ticket, *, since: datetime) -> set[str]:
    kinds = [EventKind.PARTICIPANT_REMOVED, EventKind.PARTICIPANT_REFUSED]
    events = ticket.events.filter(kind__in=kinds, occurred_at__gte=since)
    gone = {str(contact) for contact in events.values_list("data__contact", flat=True)}
    return gone - {str(contact.pk) for contact in default_cc(ticket)}


def _known_addresses(people: Iterable[Recipient]) -> set[tuple[str, str]]:
    wanted = Q(pk=None)
    for person in people:
        wanted |= Q(kind=person["kind"], external_id=person["address"])
    return set(Identity.objects.filter(wanted).values_list("kind", "external_id"))


def plain(people: Iterable[Recipient]) -> list[Recipient]:
    """As a message keeps them: whom it went to, not what else followed."""
    return [{key: text for key, text in person.items() if key != "joins"} for person in people]


def frozen(
    contacts: Iterable[Contact], *, prefer: str, at: Mapping[int, str] = _NOWHERE
) -> list[Recipient]:
    """Names and addresses as they are now: what is on its way no longer changes.

    `prefer` is the kind of identity the conversation came by; who has none of that kind is
    written to by email, and who is in `at` (by contact) at that address of theirs. A contact
    without any address is left out.
    """
    found = (
        recipient_of(contact, prefer=prefer, at=at.get(contact.pk, "")) for contact in contacts
    )
    return [recipient for recipient in found if recipient]


def recipient_of(contact: Contact, *, prefer: str, at: str = "") -> Recipient | None:
    """One contact's name and address, or None when there is no way to reach them."""
    order = {prefer: 0, IdentityKind.EMAIL.value: 1}
    identities = sorted(
        Identity.objects.filter(contact=contact),
        key=lambda known: (known.external_id != at, order.get(known.kind, 2), known.pk),
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
