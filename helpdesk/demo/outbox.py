"""The trace that a reply leaves behind once it was handed over: one delivery a recipient."""

from __future__ import annotations

from datetime import timedelta

from integrations.email.ids import message_id, new_token
from integrations.models import Channel, Delivery, DeliveryKind, DeliveryState
from tickets.models import Message


def note_sent(message: Message, *, channel: Channel) -> None:
    """Write the deliveries of a reply as sent a few seconds after it was written."""
    for recipient in [*message.to, *message.cc]:
        token = new_token()
        sent_at = message.occurred_at + timedelta(seconds=4)
        Delivery.objects.create(
            kind=DeliveryKind.REPLY,
            channel=channel,
            ticket=message.ticket,
            message=message,
            contact_id=int(recipient["contact"]),
            address=recipient["address"],
            remote_id=message_id(token),
            token=token,
            once=f"reply:{message.pk}:{recipient['address']}",
            inputs={
                "subject": f"Re: {message.ticket.subject}",
                "body": message.body,
                "to": message.to,
                "cc": message.cc,
            },
            state=DeliveryState.SENT,
            attempts=1,
            response="250 2.0.0 OK (demo: nothing left this machine)",
            created_at=message.occurred_at,
            next_attempt_at=message.occurred_at,
            sent_at=sent_at,
        )
