"""What tests of outgoing mail share: a channel, and a look at a delivery after an attempt."""

from integrations import sending
from integrations.models import Channel, ChannelAddress


def make_channel(queue, *, slug="mail", address="help@desk.example", **fields):
    """An active email channel of the queue with one address."""
    channel = Channel.objects.create(
        kind="email", name=slug, slug=slug, queue=queue, config={}, **fields
    )
    ChannelAddress.objects.create(channel=channel, address=address, is_primary=True)
    return channel


def tried(delivery):
    """The delivery after one more attempt, if it was due."""
    sending.attempt(delivery.pk)
    delivery.refresh_from_db()
    return delivery
