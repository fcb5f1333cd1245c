"""`manage.py import_mail`: old mail from mbox files, Maildirs and folders of .eml files."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from integrations import importing, locks
from integrations.email import mailboxes
from integrations.importing_files import Search
from integrations.models import Channel
from tickets import clock
from tickets.models import Job

_TOLD_EVERY_S = 0.5, 10.0
_EXAMPLES = 5
_WORDS = {
    "created": "opened a ticket",
    "appended": "went on a ticket",
    "duplicate": "had it already",
    "suppressed": "needed no ticket",
    "held": "held for staff",
    "failed": "could not be read now, workers try again",
    "unreadable": "could not be read from disk",
}


class Command(BaseCommand):
    """Takes an archive into a channel, oldest first; nobody is answered or told.

    Run again after it was cut, it goes on where it was. Nothing on disk is changed.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what the command line holds."""
        parser.add_argument("--channel", required=True, help="its short name or an address of it")
        parser.add_argument("paths", nargs="+", help="mbox files, Maildirs, folders, .eml files")
        parser.add_argument("--dry-run", action="store_true", help="count only, store nothing")
        parser.add_argument(
            "--close", action="store_true", help="close the tickets, as of their last mail"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find the mails, take them in, say what became of them."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._import(options)
        except DatabaseError as error:
            said = " ".join(str(error).split())
            raise CommandError(
                f"The database went away: {said}. Run the same command to go on.",
                returncode=os.EX_TEMPFAIL,
            ) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. Run the same command to go on where it was.", returncode=os.EX_TEMPFAIL
            ) from None

    def _import(self, options: dict[str, Any]) -> None:
        channel = _channel(options["channel"])
        paths = [str(Path(path).absolute()) for path in options["paths"]]
        missing = [path for path in paths if not Path(path).exists()]
        if missing:
            raise CommandError(f"{_shown(missing[0])} does not exist.")
        search = Search(now=clock.now())
        search.look(paths)
        self._say_what_is_there(search)
        if options["dry_run"]:
            self.stdout.write("Nothing was stored: this was a dry run.")
            return
        with locks.alone(f"import_mail {channel.pk}", is_patient=True) as is_mine:
            if not is_mine:
                raise CommandError(f"Another import into {channel} is running. Wait for its end.")
            job = importing.begun(channel, paths, search.mails)
            self._run(job, channel, search)
            closed = importing.close_all(job) if options["close"] else None
        self._say_what_came(job, channel, closed=closed)
        if job.failed or search.unreadable:
            sys.exit(1)

    def _run(self, job: Job, channel: Channel, search: Search) -> None:
        if job.done:
            self.stderr.write(f"Going on after {job.done} of {job.total}.")
        every = _TOLD_EVERY_S[0 if self.stderr.isatty() else 1]
        start = told = time.monotonic()
        before = job.done
        with contextlib.closing(importing.run(job, channel, search.mails)) as steps:
            for _step in steps:
                if (now := time.monotonic()) - told >= every:
                    told = now
                    rate = (job.done - before) / (now - start)
                    self._progress(f"{job.done} of {job.total}, {rate:.0f} a second")

    def _progress(self, line: str) -> None:
        ending, start = ("", "\r") if self.stderr.isatty() else ("\n", "")
        self.stderr.write(f"{start}{line}", ending=ending)
        self.stderr.flush()

    def _say_what_is_there(self, search: Search) -> None:
        mails = search.mails
        span = f", from {mails[0].at:%Y-%m-%d} to {mails[-1].at:%Y-%m-%d}" if mails else ""
        self.stdout.write(f"{len(mails)} mails found{span}.")
        if search.deleted:
            self.stdout.write(f"{search.deleted} left out: deleted, drafts, or no mail.")
        self._list("files left out, as they are no mail", search.others)
        self._list("could not be read", [f"{path}: {why}" for path, why in search.unreadable])

    def _list(self, what: str, names: Sequence[str]) -> None:
        if not names:
            return
        self.stdout.write(f"{len(names)} {what}:")
        for name in names[:_EXAMPLES]:
            self.stdout.write(f"  {_shown(name)}")
        if len(names) > _EXAMPLES:
            self.stdout.write(f"  and {len(names) - _EXAMPLES} more")

    def _say_what_came(self, job: Job, channel: Channel, *, closed: int | None) -> None:
        counts = job.cursor["counts"]
        self.stdout.write(f"Import {job.pk} into {channel} ({channel.slug}), {channel.queue}:")
        for word, said in _WORDS.items():
            if counts.get(word):
                self.stdout.write(f"  {counts[word]:7}  {said}")
        numbers = importing.tickets_of(job)
        if numbers:
            self.stdout.write(f"Its tickets have numbers from {numbers[0]} to {numbers[-1]}.")
        if closed is not None:
            self.stdout.write(f"{closed} of them were closed.")
        if counts.get("held"):
            self.stdout.write(f"What was held waits for staff at {settings.BASE_URL}/held/.")


def _channel(name: str) -> Channel:
    """By short name, active or not, or by an address."""
    named = Channel.objects.filter(slug=name).select_related("queue").first()
    channel = named or mailboxes.channel_of(name)
    if channel is None or channel.kind != "email":
        known = ", ".join(Channel.objects.filter(kind="email").values_list("slug", flat=True))
        raise CommandError(
            f"{name} is no email channel. There are: {known or 'none yet; add one in the admin'}."
        )
    return channel


def _shown(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
