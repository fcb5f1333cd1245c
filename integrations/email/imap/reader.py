"""Reading one channel's mailbox for as long as it is wanted, in a thread of its own.

One session after the other: take the lease, get in, read what is new, wait for more. Whatever
goes wrong ends the session, is told on the cursor, and the next one comes after a wait.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, close_old_connections, connections

from integrations.email.imap import cursors, missed
from integrations.email.imap.enter import Folder, entered, select
from integrations.email.imap.fetch import Fetcher, is_row
from integrations.email.imap.settings import Mailbox, mailbox_of
from integrations.email.imap.tidy import tidy
from integrations.email.imap.trouble import LeaseLost, Step, Trouble, as_words, step
from integrations.email.imap.wire import Client
from integrations.models import Channel, Cursor
from tickets.crypto import CannotUnseal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long a reader waits, in seconds.

    `renew` is below the 29 minutes after which servers may end IDLE (RFC 2177), and below the
    time after which routers forget a silent connection. `poll` is for servers without IDLE,
    `again` for folders that another listener reads or that are to be left alone for a while.
    """

    answer: float = 60
    renew: float = 9 * 60
    poll: float = 60
    again: float = 2
    glance: float = 0.5


class Reader:
    """Reads until told to stop. `owner` is the name on its lease."""

    def __init__(
        self, channel: int, *, wake: Callable[[int], object], waits: Waits | None = None
    ) -> None:
        self.owner = uuid.uuid4()
        self._channel_id, self._wake = channel, wake
        self._waits = waits or Waits()
        self._stop = threading.Event()
        self._client: Client | None = None
        self._cursor: Cursor | None = None

    def run(self) -> None:
        """Read until `stop`; never raises."""
        try:
            while not self._stop.is_set():
                if not self._try_once():
                    connections.close_all()
                    self._stop.wait(self._waits.again)
        finally:
            connections.close_all()

    def stop(self) -> None:
        """End soon: what is being stored is finished."""
        self._stop.set()

    def hang_up(self) -> None:
        """End now, whatever the server is about to say."""
        self.stop()
        if client := self._client:
            client.hang_up()

    def _try_once(self) -> bool:
        """One session, if the folder is ours to read now."""
        close_old_connections()
        try:
            return self._session()
        except DatabaseError:
            log.exception("imap_cannot_store", channel=self._channel_id)
            return False

    def _session(self) -> bool:
        channel = Channel.objects.select_related("queue").filter(pk=self._channel_id).first()
        try:
            mailbox = mailbox_of(channel) if channel else None
        except CannotUnseal as error:
            log.error("imap_cannot_unseal", channel=self._channel_id, error=str(error))  # noqa: TRY400
            return False
        if channel is None or mailbox is None:
            return False
        self._cursor = cursors.claim(channel, mailbox, owner=self.owner)
        if self._cursor is None:
            return False
        try:
            self._read(channel, mailbox)
        except Trouble as trouble:
            self._note(channel, trouble)
        except LeaseLost:
            log.info("imap_lease_lost", channel=channel.slug)
        # The next mailbox and the next hour must work, whatever this was.
        except Exception as error:
            if isinstance(error, DatabaseError):
                raise
            log.exception("imap_failed", channel=channel.slug)
            self._note(channel, Trouble(Step.READ, as_words(f"{type(error).__name__}: {error}")))
        finally:
            self._client = None
            cursors.release(self.owner)
        return True

    def _note(self, channel: Channel, trouble: Trouble) -> None:
        if self._stop.is_set() or self._cursor is None:
            return
        log.warning(
            "imap_trouble", channel=channel.slug, step=str(trouble.step), words=trouble.words
        )
        cursors.note_trouble(self._cursor, trouble)

    def _read(self, channel: Channel, mailbox: Mailbox) -> None:
        assert self._cursor
        with entered(mailbox, answer_s=self._waits.answer) as client:
            self._client = client
            folder = select(client, mailbox)
            self._cursor = cursors.arrive(
                self._cursor, mailbox, folder, highest=_highest(client, folder)
            )
            while not self._stop.is_set():
                self._catch_up(client, channel, mailbox, folder)
                self._wait(client)

    def _catch_up(self, client: Client, channel: Channel, mailbox: Mailbox, folder: Folder) -> None:
        assert self._cursor
        fetcher = Fetcher(
            client,
            channel,
            self._cursor,
            uid_next=folder.uid_next,
            wake=self._wake,
            may_go_on=lambda: not self._stop.is_set(),
        )
        try:
            if stored := fetcher.read_all():
                log.info("imap_read", channel=channel.slug, mails=stored)
        finally:
            self._cursor = fetcher.cursor
        if not self._stop.is_set():
            missed.fetch(client, self._cursor, wake=self._wake)
            self._cursor = tidy(client, mailbox, self._cursor)
            cursors.note_success(self._cursor)
            self._cursor.failures = 0

    def _wait(self, client: Client) -> None:
        """Until there may be something new, or it is time to look."""
        # The wait is long, and others need the database too.
        connections.close_all()
        if client.has_capability("IDLE") and self._idled(client):
            return
        self._sit(client, self._waits.poll)
        with step(Step.READ, client):
            client.noop()

    def _idled(self, client: Client) -> bool:
        """Wait in IDLE; False when the server refuses it after all."""
        client.wire.has_news = False
        try:
            with step(Step.READ, client):
                client.begin_idle()
        except Trouble as trouble:
            if trouble.is_refusal:
                return False
            raise
        if not client.wire.has_news:
            self._sit(client, self._waits.renew)
        with step(Step.READ, client):
            client.idle_done()
        return True

    def _sit(self, client: Client, seconds: float) -> None:
        """Wait on the line, with an eye on being told to stop."""
        end = time.monotonic() + seconds
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            if client.wire.has_more(min(left, self._waits.glance)):
                return


def _highest(client: Client, folder: Folder) -> int:
    """The UID of the last mail, 0 in an empty folder."""
    if not folder.messages:
        return 0
    with step(Step.READ, client):
        rows = client.rows("*", "UID", "RFC822.SIZE")
    return max((uid for uid, row in rows.items() if is_row(row)), default=0)
