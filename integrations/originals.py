"""Keeping what came in as it came, and reading it back: sealed, and on disk before anybody is
told that we have it (security.md B1.1; decisions.md, Sending and storing)."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction

from integrations.models import RawInbound
from tickets import attachments, clock, crypto

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from integrations.models import Channel

# Up to this many bytes stand in the row itself, larger originals in storage.
IN_ROW = 256 * 1024
# What is larger than a mail may be is kept and held all the same, up to what memory bears.
MOST_BYTES = 512 << 20


class Damaged(Exception):
    """The stored bytes are not those that were received."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where bytes came from: `key` is unique for a `name`, so a second hand-in is recognised.

    `is_first`: the key was made a moment ago, so nobody can have handed them in before.
    """

    name: str
    key: str
    is_first: bool = False


def keep(
    data: bytes,
    *,
    source: Source,
    channel: Channel | None,
    envelope: dict[str, Any],
    wait: timedelta | None = None,
    received_at: datetime | None = None,
) -> tuple[RawInbound, bool]:
    """Store received bytes; gives the row, and False when this source had handed them in before.

    `wait` is how long workers leave it to the caller; `received_at` is when a mail server before
    us took it, now unless given. Call it in a transaction of the caller's choice: nobody may be
    told "accepted" before that has committed; what stands in the row may do without. Raises
    OSError when storage is full or away, DatabaseError when the database is; nothing is kept
    then.
    """
    known = RawInbound.objects.filter(source=source.name, source_key=source.key)
    if not source.is_first and (found := known.first()):
        return found, False
    sealed = crypto.seal(data)
    row = RawInbound(
        channel=channel,
        source=source.name,
        source_key=source.key,
        envelope=envelope,
        sha256=hashlib.sha256(data).digest(),
        size=len(data),
        sealed_key=sealed.key,
    )
    if received_at:
        row.received_at = received_at
    if wait:
        row.next_attempt_at = clock.now() + wait
    try:
        if stands_in_row(data):
            row.sealed_data = sealed.data
        else:
            _write(row, sealed.data)
        # Inside a transaction the refusal of a known key must not spoil the rest of it; outside
        # the row is a transaction of its own.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            row.save(force_insert=True)
    except IntegrityError:
        discard(row)
        if found := known.first():
            return found, False
        raise
    except BaseException:
        discard(row)
        raise
    return row, True


def stands_in_row(data: bytes) -> bool:
    """Whether they are few enough to need no file."""
    return len(data) <= IN_ROW


def _write(row: RawInbound, sealed: bytes) -> None:
    key = uuid.uuid4()
    attachments.write_synced(attachments.path_of(key), sealed)
    row.storage_key = key


def discard(row: RawInbound) -> None:
    """Remove the stored file of a row that was certainly not committed."""
    if row.storage_key:
        attachments.path_of(row.storage_key).unlink(missing_ok=True)


def read(raw: RawInbound) -> bytes:
    """The bytes as received.

    Raises OSError when the file is missing, crypto.CannotUnseal when no master key fits, Damaged
    when the bytes are others than those received.
    """
    stored = bytes(raw.sealed_data)
    if raw.storage_key:
        stored = attachments.path_of(raw.storage_key).read_bytes()
    data = crypto.unseal(crypto.Sealed(key=bytes(raw.sealed_key), data=stored))
    if hashlib.sha256(data).digest() != bytes(raw.sha256):
        raise Damaged(f"original {raw.pk} does not have the sha256 it was received with")
    return data


def destroy(raw: RawInbound) -> None:
    """Destroy the bytes of an original for good: its key, what is stored, what was read off it.

    The sha256, the size and the reason stay. Call it in a transaction with the row locked; a
    stored file goes once that has committed.
    """
    key, raw.storage_key = raw.storage_key, None
    raw.sealed_key = raw.sealed_data = b""
    raw.envelope, raw.sender, raw.subject, raw.error = {}, "", "", ""
    raw.save()
    if key:
        path = attachments.path_of(key)
        transaction.on_commit(lambda: path.unlink(missing_ok=True), robust=True)
