"""`manage.py parse_again`: have mail that became no ticket read once more, after a fix."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import held
from integrations.models import InboundState
from tickets.errors import Refused
from tickets.permissions import SYSTEM

_STATES = [InboundState.HELD, InboundState.DEAD, InboundState.SUPPRESSED]
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Command(BaseCommand):
    """Hands originals back to the workers and says how many."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what the command line holds."""
        parser.add_argument("--reason", default="", help="only with this reason, as unparsable")
        parser.add_argument("--state", default="", choices=["", *map(str, _STATES)])
        parser.add_argument("--since", default="", help="only received in the last 7d, 12h or 30m")
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Hand each back; one that somebody else decided about meanwhile is left alone."""
        rows = held.to_parse_again(
            reason=options["reason"], state=options["state"], since=_length(options["since"])
        )
        if options["dry_run"]:
            self.stdout.write(f"{rows.count()} originals would be read again.")
            return
        done = 0
        for raw in rows.defer("sealed_data").iterator(chunk_size=500):
            try:
                held.parse_again(raw, by=SYSTEM)
            except Refused:
                continue
            done += 1
        self.stdout.write(f"{done} originals will be read again.")


def _length(text: str) -> timedelta | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})([dhm])", text)
    if not found:
        raise CommandError(f"--since {text}: write 7d, 12h or 30m.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
