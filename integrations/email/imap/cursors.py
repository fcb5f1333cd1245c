"""Who reads a folder, from where, and how it went: one row, and a lease on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from integrations.email.imap.settings import ReadFrom
from integrations.email.imap.trouble import LeaseLost, Step, Trouble
from integrations.models import Cursor
from tickets import clock

if TYPE_CHECKING:
    from integrations.email.imap.enter import Folder
    from integrations.email.imap.settings import Mailbox
    from integrations.models import Channel

# Renewed three times in this by the listener that holds it.
LEASE = timedelta(seconds=60)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
# Six tries an hour: providers lock accounts that are tried more often.
_AFTER_REFUSED_LOGIN = timedelta(minutes=10)
# How far back an account that took the place of another is read: what came while it changed.
_OVERLAP = timedelta(days=1)

# A mail server's clock may be behind ours; its times have whole seconds.
_CLOCKS_DIFFER_BY = timedelta(hours=1)


def claim(channel: Channel, mailbox: Mailbox, *, owner: uuid.UUID) -> Cursor | None:
    """The folder's cursor under our lease; None while another reads it or it is to be left."""
    now = clock.now()
    cursor, _is_new = Cursor.objects.get_or_create(
        channel=channel, folder=mailbox.folder, defaults={"next_attempt_at": now}
    )
    is_free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_owner=owner)
    taken = Cursor.objects.filter(is_free, pk=cursor.pk, next_attempt_at__lte=now).update(
        lease_owner=owner, lease_until=now + LEASE
    )
    return Cursor.objects.get(pk=cursor.pk) if taken else None


def renew(owners: Iterable[uuid.UUID]) -> None:
    """Keep the leases of those who read; one query for all."""
    now = clock.now()
    Cursor.objects.filter(lease_owner__in=list(owners)).update(lease_until=now + LEASE)


def release(owner: uuid.UUID) -> None:
    """Let others read at once."""
    Cursor.objects.filter(lease_owner=owner).update(lease_owner=None, lease_until=None)


def locked(cursor: Cursor) -> Cursor:
    """The row as it stands, locked until the transaction ends. Raises LeaseLost."""
    row = Cursor.objects.select_for_update().get(pk=cursor.pk)
    if row.lease_owner != cursor.lease_owner:
        raise LeaseLost
    return row


@transaction.atomic
def arrive(cursor: Cursor, mailbox: Mailbox, folder: Folder, *, highest: int) -> Cursor:
    """Bring the cursor to the folder as the server shows it. Raises LeaseLost.

    The first time, the channel's setting says from when on mail comes in. When the numbers count
    anew (another UIDVALIDITY, another account, or a server that starts over without saying so),
    everything is read again and what we have already is passed over.
    """
    row = locked(cursor)
    # What went wrong with a folder that is read no more is nobody's trouble now.
    others = Cursor.objects.filter(channel=row.channel_id).exclude(pk=row.pk).exclude(error="")
    others.update(error="", error_step="", error_at=None)
    is_first = row.started_at is None
    starts_over = row.last_uid > highest and 0 < folder.uid_next <= row.last_uid
    is_other = row.mailbox != mailbox.account
    if is_first:
        _begin(row, mailbox, highest=max(highest, folder.uid_next - 1))
    elif is_other or starts_over or row.uid_validity != folder.uid_validity:
        if is_other and row.ok_at:
            row.since = max(row.since or row.ok_at - _OVERLAP, row.ok_at - _OVERLAP)
        row.last_uid = row.tidied_uid = row.stuck_uid = row.stuck_tries = 0
        row.rescan_to = max(highest, folder.uid_next - 1)
    row.uid_validity, row.mailbox = folder.uid_validity, mailbox.account
    row.save()
    return row


def _begin(row: Cursor, mailbox: Mailbox, *, highest: int) -> None:
    row.started_at = clock.now()
    row.rescan_to = highest
    if mailbox.read_from == ReadFrom.NOW:
        row.since = row.started_at - _CLOCKS_DIFFER_BY
        row.last_uid = row.tidied_uid = highest
    elif mailbox.read_from == ReadFrom.DATE:
        row.since = mailbox.read_from_date


def note_success(cursor: Cursor) -> None:
    """Everything there was is read."""
    Cursor.objects.filter(pk=cursor.pk, lease_owner=cursor.lease_owner).update(
        ok_at=clock.now(), failures=0, error="", error_step="", error_at=None
    )


def note_trouble(cursor: Cursor, trouble: Trouble) -> None:
    """Keep the server's words, and when to try again."""
    failures = min(cursor.failures + 1, 1000)
    now = clock.now()
    Cursor.objects.filter(pk=cursor.pk, lease_owner=cursor.lease_owner).update(
        error=trouble.words,
        error_step=trouble.step,
        error_at=now,
        failures=failures,
        next_attempt_at=now + wait_after(trouble, failures=failures),
    )


def wait_after(trouble: Trouble, *, failures: int) -> timedelta:
    """Ten minutes after a refused sign-in; else 5 seconds, doubled up to 5 minutes."""
    is_sign_in = trouble.step in {Step.LOGIN, Step.TOKEN}
    if is_sign_in and trouble.is_refusal and not trouble.is_busy:
        return _AFTER_REFUSED_LOGIN
    doubled: timedelta = _FIRST_WAIT * 2 ** min(failures - 1, 10)
    return min(doubled, _LONGEST_WAIT)


def try_now(channel: Channel) -> None:
    """Somebody changed the settings: nobody has to wait for the next attempt."""
    Cursor.objects.filter(channel=channel).update(next_attempt_at=clock.now(), failures=0)
