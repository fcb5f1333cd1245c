"""`manage.py receive_email`: mail from files or from a mail server's pipe."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction

from integrations import inbound, originals, reporting
from integrations.email import mailboxes
from integrations.models import Channel, InboundState

# The mail server keeps the mail and tries again (sysexits.h).
_TRY_LATER = os.EX_TEMPFAIL
_STDIN = "-"
# This command reads what it stores itself; workers leave it alone for so long.
_WAIT = timedelta(minutes=2)


class Command(BaseCommand):
    """Receives mail for one mailbox and prints one JSON line a file, in order."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what the command line holds."""
        parser.add_argument("--mailbox", required=True, help="the address it was sent to")
        parser.add_argument("files", nargs="*", default=[_STDIN], help="mails; - is the input")
        parser.add_argument(
            "--dry-run", action="store_true", help="store and send nothing, print the same"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Receive each file; ends with 75 when one could not be stored."""
        try:
            with _nothing_kept() if options["dry_run"] else contextlib.nullcontext():
                channel = self._channel(options["mailbox"])
                stored = [
                    self._receive(name, channel=channel, mailbox=options["mailbox"])
                    for name in options["files"]
                ]
        except DatabaseError as error:
            self.stderr.write(f"The database is away, nothing was taken: {error}")
            sys.exit(_TRY_LATER)
        if not all(stored):
            sys.exit(_TRY_LATER)

    def _channel(self, mailbox: str) -> Channel:
        channel = mailboxes.channel_of(mailbox)
        if channel is None:
            raise CommandError(
                f"{mailbox} is no mailbox of an active channel; add it in the admin, Channels."
            )
        return channel

    def _receive(self, name: str, *, channel: Channel, mailbox: str) -> bool:
        """Store and read one file and print its line; False when it could not be stored."""
        try:
            data = _content(name)
            with transaction.atomic():
                raw, is_new = originals.keep(
                    data,
                    source=_source(data, channel=channel),
                    channel=channel,
                    envelope={"rcpt_tos": [mailbox]},
                    wait=_WAIT,
                )
        except (OSError, DatabaseError) as error:
            self._print(reporting.not_stored(name, because=str(error)))
            return False
        was_read = not is_new and raw.state != InboundState.NEW
        outcome = (
            inbound.Outcome(raw=raw, inbound=inbound.understood(raw))
            if was_read
            else inbound.read(raw.pk)
        )
        self._print(reporting.line_of(name, outcome, is_repeated=was_read))
        return True

    def _print(self, line: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(line))
        self.stdout.flush()


def _content(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()


def _source(data: bytes, *, channel: Channel) -> originals.Source:
    """A mail server that tries again hands in the same bytes: they are recognised."""
    digest = hashlib.sha256(data).hexdigest()
    return originals.Source(name="pipe", key=f"{channel.pk}:{digest}")


@contextlib.contextmanager
def _nothing_kept() -> Iterator[None]:
    """Whatever happens inside leaves no row and no file, and wakes nobody."""
    kept = settings.STORAGE_DIR
    with tempfile.TemporaryDirectory(prefix="dry-run-") as folder, transaction.atomic():
        settings.STORAGE_DIR = Path(folder)
        try:
            yield
        finally:
            settings.STORAGE_DIR = kept
            transaction.set_rollback(True)
