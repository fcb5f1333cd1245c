"""Email as a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.email import parse, smtp

if TYPE_CHECKING:
    from integrations.base import Inbound, Receipt
    from integrations.models import Delivery, RawInbound


class EmailAdapter:
    """Understands received mail and hands mail over to the next server."""

    def parse(self, raw: RawInbound, data: bytes) -> Inbound:
        """Understand a mail as the door or a pipe took it. Raises CannotParse."""
        return parse.parse(data, envelope=raw.envelope)

    def send(self, delivery: Delivery) -> Receipt:
        """Hand one delivery over by SMTP. Raises DeliveryError."""
        return smtp.send(delivery)
