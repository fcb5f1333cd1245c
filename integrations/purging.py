"""What holds the mail of a ticket that is put aside, or deleted for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat, Left

from integrations import originals
from integrations.models import Delivery, DeliveryKind, DeliveryState, InboundState, RawInbound

if TYPE_CHECKING:
    from tickets.models import Event

_CODE = 3
_UNDECIDED = [InboundState.NEW, InboundState.HELD, InboundState.DEAD]
_NOBODY_WROTE = [DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.NOTIFICATION]


def stop_machines(event: Event) -> None:
    """Let nothing leave that no person wrote about a ticket just put aside."""
    waiting = Delivery.objects.filter(ticket=event.ticket_id, state=DeliveryState.QUEUED)
    waiting.filter(kind__in=_NOBODY_WROTE).update(state=DeliveryState.CANCELLED)


def destroy_mail_of(event: Event) -> None:
    """Destroy the originals and the copies sent of a ticket deleted for good.

    What stays is that there was a mail: its sum, its id, its state, the code of the server. Mail
    that only refers to the ticket and waits for a decision is not its own.
    """
    of_it = RawInbound.objects.select_for_update().filter(ticket=event.ticket_id)
    for raw in of_it.exclude(state__in=_UNDECIDED):
        originals.destroy(raw)
    copies = Delivery.objects.filter(ticket=event.ticket_id)
    waiting = [DeliveryState.QUEUED, DeliveryState.SENDING]
    copies.filter(state__in=waiting).update(state=DeliveryState.CANCELLED)
    # The key names the address; it only has to stay unlike every other.
    once = Concat(Value("purged:"), Cast("pk", CharField()))
    copies.update(inputs={}, address="", once=once, response=Left("response", _CODE))
