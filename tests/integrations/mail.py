"""Mails and mailboxes for the tests of the road in."""

import itertools
from email.message import EmailMessage

from integrations import inbound, originals
from integrations.email import ids
from integrations.models import Channel, ChannelAddress, Delivery, DeliveryKind
from tests.factories import QueueFactory

MAILBOX = "support@desk.example"
_numbers = itertools.count(1)


def make_channel(address: str = MAILBOX, **fields) -> Channel:
    """An email channel with one address and a queue of its own."""
    slug = address.partition("@")[0]
    queue = fields.pop("queue", None) or QueueFactory()
    channel = Channel.objects.create(kind="email", name=slug, slug=slug, queue=queue, **fields)
    ChannelAddress.objects.create(channel=channel, address=address, is_primary=True)
    return channel


def make_mail(
    body: str = "Hello", *, sender: str = "Ann <ann@customer.example>", to: str = MAILBOX, **headers
) -> bytes:
    """An ordinary mail; further headers by name, `_` for `-`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, headers.pop("subject", "Help")
    mail["Message-ID"] = headers.pop("message_id", f"<{next(_numbers)}@customer.example>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def keep(data: bytes, channel: Channel, **envelope):
    """A received original nobody has read yet."""
    (raw,) = inbound.keep(
        data,
        source=originals.Source(name="test", key=inbound.new_key()),
        channels=[channel],
        envelope=envelope,
    )
    return raw


def receive(data: bytes, channel: Channel, **envelope):
    """Keep a mail and read it; gives the original after that."""
    return inbound.process(keep(data, channel, **envelope).pk)


def make_copy(ticket, address: str, channel: Channel) -> Delivery:
    """A copy of an answer of ours that went to one address; its token is in its id."""
    token = ids.new_token()
    return Delivery.objects.create(
        kind=DeliveryKind.REPLY,
        channel=channel,
        ticket=ticket,
        address=address,
        remote_id=ids.message_id(token),
        token=token,
        once=token,
    )
