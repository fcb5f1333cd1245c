"""Addresses from which our mail comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from tickets import clock
from tickets.actions.people import normal_id
from tickets.events import EventKind, record
from tickets.models import Identity
from tickets.permissions import demand_work

if TYPE_CHECKING:
    from tickets.models import Ticket
    from tickets.scope import Scope
    from tickets.states import IdentityKind


def note_undeliverable(*, kind: IdentityKind, external_id: str, because: str) -> None:
    """Mark an address from which our mail came back, with the server's words.

    The first time stays, the newest words count. Called by whoever notes the failure.
    """
    marked = Identity.objects.filter(kind=kind, external_id=normal_id(kind, external_id))
    marked.update(
        undeliverable_since=Coalesce("undeliverable_since", Value(clock.now())),
        undeliverable_because=because,
    )


@transaction.atomic
def call_reachable(identity: Identity, *, ticket: Ticket, by: Scope) -> Identity:
    """Take the mark off an address because staff know better, said on a ticket of its owner."""
    demand_work(by, ticket)
    if identity.undeliverable_since is None:
        return identity
    identity.undeliverable_since, identity.undeliverable_because = None, ""
    identity.save(update_fields=["undeliverable_since", "undeliverable_because"])
    record(
        EventKind.ADDRESS_CLEARED,
        by=by,
        ticket=ticket,
        data={"identity": identity.pk, "address": identity.external_id},
    )
    return identity
