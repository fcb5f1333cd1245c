"""Telling a sender at once that their request arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.base import Inbound
    from integrations.models import Channel
    from tickets.models import Message


def maybe(message: Message, *, inbound: Inbound, channel: Channel) -> None:
    """Queue an acknowledgement of a ticket just opened, unless a machine wrote it.

    Called in the transaction that opened the ticket, after it.
    """
