"""`manage.py bench`: how quick the product is on this machine; `make bench` gives it servers."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from helpdesk.bench import machine, mail_in
from helpdesk.bench.mail_in import Figures

MAILS, MAILS_QUICK = 500, 100


class Command(BaseCommand):
    """Fills an empty database, measures, prints, asserts nothing."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """How much is done."""
        parser.add_argument("--quick", action="store_true", help="a fifth of the work")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Measure one thing after the other."""
        if connection.introspection.table_names():
            raise CommandError(
                "This database is in use, and bench fills one of its own: run `make bench`."
            )
        call_command("migrate", verbosity=0, skip_checks=True)
        loop = machine.loop_ms()
        busy = os.getloadavg()[0]
        self.stdout.write(
            f"loop of {machine.LOOP_STEPS:,} steps: {loop:.0f} ms; {os.cpu_count()} cores, "
            f"{busy:.1f} processes at work before"
        )
        self._mail_in(MAILS_QUICK if options["quick"] else MAILS, loop=loop)

    def _mail_in(self, number: int, *, loop: float) -> None:
        self.stdout.write("mail in: real SMTP door, two workers, fsync on, acknowledgements sent")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            runs = mail_in.measured(dict(os.environ), folder=Path(folder), number=number)
            first = next(runs)
            self.stdout.write(_line("first run", first, loop=loop))
            answers = number // mail_in.ANSWERS_EVERY
            self.stdout.write(f"  replies threaded  {first.threaded} of {answers}")
            again = next(runs)
            self.stdout.write(_line("second run", again, loop=loop))
            self.stdout.write(f"  doubled           {again.messages}")
            runs.close()


def _line(name: str, run: Figures, *, loop: float) -> str:
    each = 1000 / run.per_second
    cpu = ", ".join(f"{part} {ms:.1f}" for part, ms in run.cpu_ms.items())
    return (
        f"  {name:16}  {run.mails} mails in {run.seconds:.1f} s: {run.per_second:.0f}/s, "
        f"{each:.1f} ms each, {each / loop:.2f} ÷loop; processor ms each: "
        f"{sum(run.cpu_ms.values()):.1f} ({cpu})"
    )
