"""The trace that a reply leaves behind once it was handed over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from integrations import outbound
from integrations.models import Delivery, DeliveryState
from tickets.actions import addresses
from tickets.models import Message
from tickets.states import IdentityKind

RESPONSE = "250 2.0.0 OK (demo: nothing left this machine)"
TOOK = timedelta(seconds=4)


def note_sent(message: Message) -> None:
    """Write the deliveries of a reply, as handed over a few seconds after it was written."""
    outbound.enqueue(message.event)
    Delivery.objects.filter(message=message, state=DeliveryState.QUEUED).update(
        state=DeliveryState.SENT,
        attempts=1,
        response=RESPONSE,
        sent_at=F("created_at") + TOOK,
    )


def bounce(delivery: Delivery) -> None:
    """Let a mail come back, as if its address no longer existed."""
    because = "550 5.1.1 Mailbox does not exist"
    delivery.sent_at = None
    delivery.save(update_fields=["sent_at"])
    outbound.fail(delivery, because)
    addresses.note_undeliverable(
        kind=IdentityKind.EMAIL, external_id=delivery.address, because=because
    )
