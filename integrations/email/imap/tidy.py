"""What the channel wants done with the server's copy of a mail, once we surely have it.

Nothing is deleted: a restored backup can fetch again what it misses (security.md B1.3). What was
not stored whole stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from imapclient import SEEN

from integrations.email.imap.fetch import SOURCE, is_row
from integrations.email.imap.settings import After
from integrations.email.imap.trouble import Step, Trouble, step
from integrations.models import Cursor, RawInbound

if TYPE_CHECKING:
    from integrations.email.imap.settings import Mailbox
    from integrations.email.imap.wire import Client

_AT_ONCE = 200


def tidy(client: Client, mailbox: Mailbox, cursor: Cursor) -> Cursor:
    """Mark or move what was stored since the last time; after a cut it is simply done again.

    Raises Trouble.
    """
    if cursor.tidied_uid >= cursor.last_uid:
        return cursor
    if mailbox.after != After.LEAVE:
        uids = _stored(cursor, _there(client, cursor))
        for start in range(0, len(uids), _AT_ONCE):
            _treat(client, mailbox, uids[start : start + _AT_ONCE])
    cursor.tidied_uid = cursor.last_uid
    Cursor.objects.filter(pk=cursor.pk, lease_owner=cursor.lease_owner).update(
        tidied_uid=cursor.tidied_uid
    )
    return cursor


def _there(client: Client, cursor: Cursor) -> list[int]:
    first, last = cursor.tidied_uid + 1, cursor.last_uid
    with step(Step.TIDY, client):
        found = client.rows(f"{first}:{last}", "UID", "RFC822.SIZE")
    return sorted(uid for uid, row in found.items() if is_row(row) and first <= uid <= last)


def _stored(cursor: Cursor, uids: list[int]) -> list[int]:
    """Those that came in whole, or did so when the folder was read before."""
    keys = {f"{cursor.channel_id}:{cursor.uid_validity}:{uid}": uid for uid in uids}
    kept: list[int] = []
    names = list(keys)
    for start in range(0, len(names), _AT_ONCE):
        rows = RawInbound.objects.filter(
            source=SOURCE, source_key__in=names[start : start + _AT_ONCE]
        ).exclude(envelope__has_key="partial")
        kept += [keys[key] for key in rows.values_list("source_key", flat=True)]
    return sorted(kept)


def _treat(client: Client, mailbox: Mailbox, uids: list[int]) -> None:
    with step(Step.TIDY, client):
        if mailbox.after == After.SEEN:
            client.add_flags(uids, [SEEN], silent=True)
            return
        _move(client, uids, mailbox.move_to)


def _move(client: Client, uids: list[int], folder: str) -> None:
    if not client.has_capability("MOVE") and not client.has_capability("UIDPLUS"):
        raise Trouble(
            Step.TIDY,
            _("The server can move no mail (neither MOVE nor UIDPLUS): choose another way."),
            is_refusal=True,
        )
    if not client.folder_exists(folder):
        client.create_folder(folder)
    if client.has_capability("MOVE"):
        client.move(uids, folder)
        return
    client.copy(uids, folder)
    client.delete_messages(uids, silent=True)
    client.uid_expunge(uids)
