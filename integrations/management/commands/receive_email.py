"""`manage.py receive_email`: mail from files or from a mail server's pipe."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction

from integrations import inbound, originals, rehearsal, reporting
from integrations.email import mailboxes
from integrations.models import Channel, InboundState, RawInbound

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
        is_dry, mailbox = options["dry_run"], options["mailbox"].strip()
        try:
            with rehearsal.nothing_kept() if is_dry else contextlib.nullcontext():
                channel = self._channel(mailbox)
                stored = [
                    self._receive(name, channel=channel, mailbox=mailbox)
                    for name in options["files"]
                ]
        except DatabaseError as error:
            said = " ".join(str(error).split())
            self.stderr.write(f"The database is away, no file without a line was taken: {said}")
            sys.exit(_TRY_LATER)
        except (BrokenPipeError, KeyboardInterrupt):
            # Whoever read the lines went away, or has enough: what has no line was not taken.
            _forget_output()
            sys.exit(_TRY_LATER)
        if not all(stored):
            sys.exit(_TRY_LATER)

    def _channel(self, mailbox: str) -> Channel:
        channel = mailboxes.channel_of(mailbox)
        if channel is None:
            # A mail server keeps the mail until the mailbox is there.
            raise CommandError(
                f"{mailbox} is no mailbox of an active channel; add it in the admin, Channels.",
                returncode=_TRY_LATER,
            )
        return channel

    def _receive(self, name: str, *, channel: Channel, mailbox: str) -> bool:
        """Store and read one file and print its line; False when it could not be stored."""
        is_stored = False
        try:
            raw, is_new = _kept(_content(name), channel=channel, mailbox=mailbox)
            is_stored = True
            line = _read(name, raw, is_new=is_new)
        except (OSError, DatabaseError, MemoryError) as error:
            # What is stored and could not be read now is read by a worker, later.
            line = reporting.failed(name, because=_sentence(error))
            if not connection.in_atomic_block:
                # A connection that broke is made anew for the next file.
                connection.close_if_unusable_or_obsolete()
        self._print(line)
        return is_stored

    def _print(self, line: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(line))
        self.stdout.flush()


def _content(name: str) -> bytes:
    """The bytes of a file. Raises OSError, also when they have no end."""
    with contextlib.ExitStack() as stack:
        file = sys.stdin.buffer if name == _STDIN else stack.enter_context(Path(name).open("rb"))
        data = file.read(originals.MOST_BYTES + 1)
    if len(data) > originals.MOST_BYTES:
        raise OSError(f"It is larger than {originals.MOST_BYTES >> 20} MB, so it is no mail.")
    return data


def _kept(data: bytes, *, channel: Channel, mailbox: str) -> tuple[RawInbound, bool]:
    # A mail server that tries again hands in the same bytes: they are recognised.
    key = f"{channel.pk}:{hashlib.sha256(data).hexdigest()}"
    # A row alone is a transaction of its own.
    with contextlib.nullcontext() if originals.stands_in_row(data) else transaction.atomic():
        return originals.keep(
            data,
            source=originals.Source(name="pipe", key=key),
            channel=channel,
            envelope={"rcpt_tos": [mailbox]},
            wait=_WAIT,
        )


def _read(name: str, raw: RawInbound, *, is_new: bool) -> dict[str, Any]:
    """The line of a stored file; one that was read before is not accepted again."""
    if is_new or raw.state == InboundState.NEW:
        # In a rehearsal a failure must not spoil the transaction that all files share.
        with transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext():
            return reporting.line_of(name, inbound.read(raw.pk))
    again = inbound.Outcome(raw=raw, inbound=inbound.understood(raw))
    return reporting.line_of(name, again, is_repeated=True)


def _sentence(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else ""
    return " ".join((said or str(error) or type(error).__name__).split())


def _forget_output() -> None:
    """Python would complain once more when it ends and finds its output gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
