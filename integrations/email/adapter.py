"""Email as a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.email import parse, smtp
from integrations.email.imap import listening
from integrations.email.limits import OverLimit

if TYPE_CHECKING:
    from integrations.base import House, Inbound, Receipt
    from integrations.models import Channel, Delivery, RawInbound


class EmailAdapter:
    """Understands received mail and hands mail over to the next server."""

    def parse(self, raw: RawInbound, data: bytes) -> Inbound:
        """Understand a mail as a door, a pipe or a mailbox gave it. Raises CannotParse."""
        if partial := raw.envelope.get("partial"):
            raise OverLimit(partial["words"], reason=partial["reason"])
        return parse.parse(data, envelope=raw.envelope)

    def listens(self, channel: Channel) -> bool:
        """Whether a channel has a mailbox that is to be read."""
        return bool(channel.config.get("imap_host"))

    async def listen(self, channel: int, house: House) -> None:
        """Read its mailbox until cancelled."""
        await listening.listen(channel, house)

    def send(self, delivery: Delivery) -> Receipt:
        """Hand one delivery over by SMTP. Raises DeliveryError."""
        return smtp.send(delivery)
