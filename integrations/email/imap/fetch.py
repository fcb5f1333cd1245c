"""Fetching what is new: listed by UID, in batches, stored together with the cursor.

Mail is asked for by UID above the last one and by nothing else: not by flags, dates or positions,
which others change (security.md B1.3). Each batch and the cursor are one transaction, so a mail
is either stored and passed, or neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import originals
from integrations.email import limits
from integrations.email.imap import cursors
from integrations.email.imap.trouble import Step, Trouble, step
from integrations.models import Cursor, RawInbound
from tickets import clock

if TYPE_CHECKING:
    from integrations.email.imap.wire import Client
    from integrations.models import Channel

log = structlog.get_logger(__name__)

SOURCE = "imap"
NOT_FETCHED = "not_fetched"
# A batch is this many mails and bytes at most, or a single larger mail.
_MOST, _WEIGHT = 100, 8 << 20
# How many UIDs are listed at once, and how much wider the look is after nothing was there.
_WINDOW, _WIDER = 5_000, 8
# After so many tries a mail that the server cannot give is noted, and the next ones come.
_MOST_TRIES = 3
_UNKNOWN = limits.SIZE


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A mail on the server: its size as the server tells it, and when the server got it."""

    uid: int
    size: int
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """Bytes of a mail; `missing` says why they are only its headers, or nothing."""

    listed: Listed
    data: bytes
    missing: str = ""
    reason: str = ""


class Fetcher:
    """Reads one selected folder up to its end; `wake` hears of each stored original."""

    def __init__(
        self,
        client: Client,
        channel: Channel,
        cursor: Cursor,
        *,
        uid_next: int,
        wake: Callable[[int], object],
        may_go_on: Callable[[], bool],
    ) -> None:
        self.client, self.channel, self.cursor = client, channel, cursor
        self.uid_next, self.wake, self.may_go_on = uid_next, wake, may_go_on
        # After a batch that failed, its mails are fetched one by one: which of them is it?
        self.alone_up_to = cursor.stuck_uid

    def read_all(self) -> int:
        """Store all that is new; gives how many mails. Raises Trouble, LeaseLost."""
        stored = 0
        while self.may_go_on():
            # What comes in from here on is announced at once, and not again later.
            self.client.wire.has_news = False
            for batch in self._batches():
                stored += self._take(batch)
                if not self.may_go_on():
                    return stored
            if not self.client.wire.has_news:
                break
        return stored

    def _batches(self) -> Iterator[list[Listed]]:
        batch: list[Listed] = []
        for mail in self._listed():
            weight = sum(other.size for other in batch) + mail.size
            if batch and (len(batch) >= self._most(mail) or weight > _WEIGHT):
                yield batch
                batch = []
            batch.append(mail)
        if batch:
            yield batch

    def _most(self, mail: Listed) -> int:
        return 1 if mail.uid <= self.alone_up_to else _MOST

    def _listed(self) -> Iterator[Listed]:
        """What is above the cursor, oldest first, a window of UIDs after the other."""
        last, width = self.cursor.last_uid, _WINDOW
        while True:
            end = last + width
            is_last = end >= self.uid_next
            mails = self._window(last, f"{last + 1}:{'*' if is_last else end}")
            yield from mails
            if is_last:
                return
            last, width = end, _WINDOW if mails else width * _WIDER

    def _window(self, last: int, uids: str) -> list[Listed]:
        with step(Step.READ, self.client):
            rows = self.client.rows(uids, "UID", "RFC822.SIZE", "INTERNALDATE")
        # Servers answer `n:*` with the last mail even when its UID is below n, and tell of other
        # mails whose flags changed: neither is new.
        found = [_listed(uid, row) for uid, row in rows.items() if uid > last and is_row(row)]
        return sorted(found, key=lambda mail: mail.uid)

    def _take(self, batch: list[Listed]) -> int:
        new = [mail for mail in batch if not self._is_before(mail)]
        rows = self._kept(self._fetched(new), up_to=batch[-1].uid)
        for row in rows:
            self.wake(row.pk)
        return len(rows)

    def _is_before(self, mail: Listed) -> bool:
        """Whether the channel leaves it out; what comes in under new numbers never is."""
        return self._was_there(mail) and _is_earlier(mail, self.cursor.since)

    def _was_there(self, mail: Listed) -> bool:
        """Whether the folder had it when its numbering was first seen."""
        return mail.uid <= self.cursor.rescan_to

    # --- From the server -------------------------------------------------------------------

    def _fetched(self, mails: list[Listed]) -> list[Fetched]:
        if len(mails) == 1 and mails[0].uid <= self.alone_up_to:
            return self._one(mails[0])
        try:
            return self._many(mails)
        except Trouble as trouble:
            if not trouble.is_busy:
                # From the next connection on, these are fetched one by one.
                self._note(stuck_uid=mails[-1].uid, stuck_tries=0)
            raise

    def _many(self, mails: list[Listed]) -> list[Fetched]:
        wanted = [mail.uid for mail in mails if mail.size <= limits.SIZE]
        bodies = self._bodies(wanted)
        if lost := [uid for uid in wanted if uid not in bodies]:
            self._demand_gone(lost)
        large = [self._too_large(mail) for mail in mails if mail.size > limits.SIZE]
        return large + [
            Fetched(listed=mail, data=bodies[mail.uid]) for mail in mails if mail.uid in bodies
        ]

    def _one(self, mail: Listed) -> list[Fetched]:
        tries = self.cursor.stuck_tries
        if tries >= _MOST_TRIES:
            return [self._given_up(mail)]
        self._note(stuck_tries=tries + 1)
        try:
            return self._many([mail])
        except Trouble as trouble:
            if trouble.is_busy:
                self._note(stuck_tries=tries)
            raise

    def _note(self, **values: int) -> None:
        """Committed at once: what is tried next may end the connection, or us."""
        with transaction.atomic():
            row = cursors.locked(self.cursor)
            for name, value in values.items():
                setattr(row, name, value)
            row.save(update_fields=list(values))
        self.cursor = row
        self.alone_up_to = row.stuck_uid

    def _bodies(self, uids: list[int]) -> dict[int, bytes]:
        with step(Step.READ, self.client):
            rows = self.client.rows(uids, "BODY.PEEK[]")
        found = ((uid, rows.get(uid, {}).get(b"BODY[]")) for uid in uids)
        return {uid: body for uid, body in found if isinstance(body, bytes)}

    def _demand_gone(self, uids: list[int]) -> None:
        """What the server gave no bytes for must be gone from it. Raises Trouble."""
        with step(Step.READ, self.client):
            rows = self.client.rows(uids, "UID", "RFC822.SIZE")
        if still := sorted(uid for uid in uids if is_row(rows.get(uid, {}))):
            raise Trouble(
                Step.READ,
                _("The server lists mail %(uid)s and does not give it.") % {"uid": still[0]},
                is_refusal=True,
            )
        log.info("imap_expunged", channel=self.channel.slug, uids=uids[:20])

    def _too_large(self, mail: Listed) -> Fetched:
        size = mail.size >> 20
        words = _(
            "The mail has %(size)d MB, more than the limit of %(limit)d MB. It is still in "
            "the mailbox; these are its headers."
        )
        return Fetched(
            listed=mail,
            data=self._headers(mail),
            missing=words % {"size": size, "limit": limits.SIZE >> 20},
            reason="too_large",
        )

    def _given_up(self, mail: Listed) -> Fetched:
        words = _(
            "The mail server did not give this mail, %(times)d times. It is still in the "
            "mailbox. The server's words: %(words)s"
        )
        return Fetched(
            listed=mail,
            data=b"",
            missing=words % {"times": _MOST_TRIES, "words": self.cursor.error or "–"},
            reason=NOT_FETCHED,
        )

    def _headers(self, mail: Listed) -> bytes:
        """The headers up to our limit, or nothing where the server does not give them."""
        what = f"<0.{limits.HEADER_BLOCK}>"
        try:
            with step(Step.READ, self.client):
                rows = self.client.rows([mail.uid], f"BODY.PEEK[HEADER]{what}")
        except Trouble as trouble:
            if not trouble.is_refusal:
                raise
            return b""
        row = rows.get(mail.uid, {})
        found = [value for name, value in row.items() if name.startswith(b"BODY[HEADER]")]
        return found[0] if found and isinstance(found[0], bytes) else b""

    # --- Into the house --------------------------------------------------------------------

    def _kept(self, fetched: list[Fetched], *, up_to: int) -> list[RawInbound]:
        """Store the mails and move the cursor, both or neither."""
        made: list[RawInbound] = []
        try:
            with transaction.atomic():
                row = cursors.locked(self.cursor)
                known = self._known(fetched)
                for mail in fetched:
                    if hashlib.sha256(mail.data).digest() not in known:
                        made += self._keep(mail)
                row.last_uid = max(row.last_uid, up_to)
                row.stuck_tries = 0
                row.stuck_uid = row.stuck_uid if up_to < row.stuck_uid else 0
                row.save(update_fields=["last_uid", "stuck_uid", "stuck_tries"])
        except BaseException:
            for original in made:
                originals.discard(original)
            raise
        self.cursor, self.alone_up_to = row, row.stuck_uid
        return made

    def _known(self, fetched: list[Fetched]) -> set[bytes]:
        """Those of the bytes that this channel has, where a folder is read a second time."""
        again = [mail for mail in fetched if self._was_there(mail.listed)]
        digests = [hashlib.sha256(mail.data).digest() for mail in again if mail.data]
        had = RawInbound.objects.filter(channel=self.channel, sha256__in=digests)
        return {bytes(digest) for digest in had.values_list("sha256", flat=True)}

    def _keep(self, mail: Fetched) -> list[RawInbound]:
        key = f"{self.channel.pk}:{self.cursor.uid_validity}:{mail.listed.uid}"
        row, is_new = self._keep_as(key, mail)
        if not is_new and mail.data and bytes(row.sha256) != hashlib.sha256(mail.data).digest():
            # A server that gives one number twice has two mails for us, not one.
            row, is_new = self._keep_as(f"{key}:{hashlib.sha256(mail.data).hexdigest()[:16]}", mail)
        return [row] if is_new else []

    def _keep_as(self, key: str, mail: Fetched) -> tuple[RawInbound, bool]:
        now = clock.now()
        return originals.keep(
            mail.data,
            source=originals.Source(name=SOURCE, key=key),
            channel=self.channel,
            envelope=self._envelope(mail),
            received_at=min(mail.listed.at or now, now),
        )

    def _envelope(self, mail: Fetched) -> dict[str, Any]:
        """Where it lies; `imported`: the server had it before we first looked; `partial`: why
        there is no whole mail, which its reader tells staff."""
        listed = mail.listed
        place = {"folder": self.cursor.folder, "uid": listed.uid, "size": listed.size}
        envelope: dict[str, Any] = {SOURCE: place}
        if self._was_there(listed) and _is_earlier(listed, self.cursor.started_at):
            envelope["imported"] = True
        if mail.missing:
            envelope["partial"] = {"reason": mail.reason, "words": mail.missing}
        return envelope


def is_row(row: Any) -> bool:
    """Whether a row answers our question: servers also tell of flags, by position alone."""
    return b"RFC822.SIZE" in row


def _is_earlier(mail: Listed, moment: datetime | None) -> bool:
    return bool(moment and mail.at and mail.at < moment)


def _listed(uid: int, row: Any) -> Listed:
    size, at = row.get(b"RFC822.SIZE"), row.get(b"INTERNALDATE")
    return Listed(
        uid=uid,
        # One of unknown size is fetched by itself.
        size=size if isinstance(size, int) and size >= 0 else _UNKNOWN,
        at=at if isinstance(at, datetime) else None,
    )
