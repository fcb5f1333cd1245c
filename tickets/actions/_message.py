"""Writing one message with its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets import attachments
from tickets.models import Contact, Message, Ticket, Via
from tickets.states import Authority

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.content import Content
    from tickets.models import SideConversation


def add_message(
    ticket: Ticket,
    *,
    author: Contact,
    content: Content,
    via: Via,
    occurred_at: datetime,
    authority: Authority = Authority.VERIFIED,
    by_staff: bool = False,
    side: SideConversation | None = None,
) -> Message:
    """Write the message and store its files; no event, no turn: that is the action's."""
    message = Message.objects.create(
        ticket=ticket,
        side=side,
        author=author,
        by_staff=by_staff,
        via=via,
        authority=authority,
        format=content.format,
        is_automatic=content.is_automatic,
        body=content.body.replace("\x00", ""),
        quoted=content.quoted.replace("\x00", ""),
        html=content.html.replace("\x00", ""),
        to=list(content.to),
        cc=list(content.cc),
        occurred_at=occurred_at,
    )
    for file in content.files:
        attachments.store(file, ticket=ticket, message=message)
    return message
