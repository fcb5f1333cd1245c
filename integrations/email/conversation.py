"""Which earlier mails an outgoing one answers, so that it lands in the right thread."""

from __future__ import annotations

from integrations.models import Delivery, MessageRoute
from tickets.models import SideConversation, Ticket

# The first id names the thread, the last ones its newest turns; more only makes headers long.
_MOST_REFERENCES = 20


def place_of(
    ticket: Ticket, *, address: str, side: SideConversation | None = None
) -> tuple[str, list[str]]:
    """In-Reply-To and References of the next mail to `address` (RFC 5322, 3.6.4).

    It answers the newest mail that came from outside, else our own last one to that address.
    References name what this reader can have: mails from outside, and ours to this address. What
    is said beside the ticket (`side`) and what is said in public never refer to one another.
    """
    outside = list(
        MessageRoute.objects.filter(
            message__ticket=ticket,
            message__side=side,
            message__by_staff=False,
            message__is_automatic=False,
        )
        .order_by("message__occurred_at", "message_id")
        .values_list("message__occurred_at", "remote_id")
    )
    ours = list(
        Delivery.objects.filter(ticket=ticket, message__side=side, address=address)
        .order_by("created_at", "pk")
        .values_list("created_at", "remote_id")
    )
    answered = (outside or ours)[-1:]
    chain = [remote_id for _when, remote_id in sorted(outside + ours)]
    in_reply_to = answered[0][1] if answered else ""
    references = [known for known in dict.fromkeys(chain) if known != in_reply_to]
    if in_reply_to:
        references.append(in_reply_to)
    return in_reply_to, bounded(references)


def bounded(references: list[str]) -> list[str]:
    """The first and the newest, in order."""
    if len(references) <= _MOST_REFERENCES:
        return references
    return [references[0], *references[1 - _MOST_REFERENCES :]]
