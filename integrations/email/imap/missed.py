"""Trying once more for mail that its server listed and did not give.

Staff see it held meanwhile. When the server gives it after all, it becomes an original of its own
and is read like any other, and the held one is settled.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from integrations import originals
from integrations.email import limits
from integrations.email.imap.fetch import NOT_FETCHED, SOURCE
from integrations.email.imap.trouble import Step, step
from integrations.models import Cursor, InboundState, RawInbound
from tickets import clock

if TYPE_CHECKING:
    from integrations.email.imap.wire import Client

_AGAIN_AFTER = timedelta(hours=1)
_GIVE_UP_AFTER = timedelta(days=3)
_AT_ONCE = 20


def fetch(client: Client, cursor: Cursor, *, wake: Callable[[int], object]) -> None:
    """Ask for what is due, one by one. Raises Trouble when the line does not bear it."""
    now = clock.now()
    prefix = f"{cursor.channel_id}:{cursor.uid_validity}:"
    due = RawInbound.objects.filter(
        channel=cursor.channel_id,
        state=InboundState.HELD,
        reason=NOT_FETCHED,
        next_attempt_at__lte=now,
        finished_at__gt=now - _GIVE_UP_AFTER,
        source_key__startswith=prefix,
    )
    for row in due.order_by("next_attempt_at")[:_AT_ONCE]:
        # Noted before it is tried: what ends the connection is not tried again at once.
        RawInbound.objects.filter(pk=row.pk).update(next_attempt_at=now + _AGAIN_AFTER)
        if (data := _asked_for(client, row)) is not None:
            wake(_settled(row, data))


def _asked_for(client: Client, row: RawInbound) -> bytes | None:
    uid = int(row.envelope[SOURCE]["uid"])
    with step(Step.READ, client):
        sizes = client.rows([uid], "UID", "RFC822.SIZE").get(uid, {})
        if not 0 < sizes.get(b"RFC822.SIZE", 0) <= limits.SIZE:
            return None
        found = client.rows([uid], "BODY.PEEK[]").get(uid, {}).get(b"BODY[]")
    return found if isinstance(found, bytes) else None


def _settled(row: RawInbound, data: bytes) -> int:
    envelope = {name: value for name, value in row.envelope.items() if name != "partial"}
    with transaction.atomic():
        made, _is_new = originals.keep(
            data,
            source=originals.Source(name=SOURCE, key=f"{row.source_key}:later"),
            channel=row.channel,
            envelope=envelope,
            received_at=row.received_at,
        )
        RawInbound.objects.filter(pk=row.pk, state=InboundState.HELD).update(
            state=InboundState.DUPLICATE, reason="fetched_later"
        )
    return made.pk
