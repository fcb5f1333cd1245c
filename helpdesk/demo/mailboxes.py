"""How the channels of the demo do: when each last sent, and a mailbox that is switched off.

No channel of the demo reads a mailbox elsewhere: nothing leaves this machine.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max

from helpdesk.demo.house import House, email_of
from integrations.models import Channel, ChannelAddress, Cursor
from tickets import clock

_OFF_FOR = timedelta(days=14)


def add(house: House) -> None:
    """Note what was sent, and add the mailbox that is read no more."""
    for channel in Channel.objects.annotate(sent_at=Max("deliveries__sent_at")):
        channel.last_ok_at = vars(channel)["sent_at"]
        channel.save(update_fields=["last_ok_at"])
    old = Channel.objects.create(
        kind="email",
        name="Old contract mailbox",
        slug="old-contracts",
        queue=house.queues["paid"],
        is_active=False,
        config={"imap_host": "imap.helpdesk.example", "imap_user": email_of("old")},
    )
    ChannelAddress.objects.create(channel=old, address=email_of("old"), is_primary=True)
    read_at = clock.now() - _OFF_FOR
    Cursor.objects.create(
        channel=old, folder="INBOX", uid_validity=1, last_uid=418, started_at=read_at, ok_at=read_at
    )
