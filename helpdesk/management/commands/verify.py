"""`manage.py verify`: whether everything that must hold holds."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import timedelta
from email.parser import BytesHeaderParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.invariants import INVARIANTS, Accepted, Evidence, Invariant

_EXAMPLES = 5


class Command(BaseCommand):
    """Reads everything, changes nothing; exit code 1 when an invariant is broken."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """What to compare with."""
        parser.add_argument(
            "--grace", type=int, default=120, metavar="SECONDS", help="how late work may be"
        )
        parser.add_argument(
            "--ledger",
            type=Path,
            help='what a source was told we have: a line {"message_id": …, "sha256": …} for each',
        )
        parser.add_argument(
            "--sink", type=Path, help="folder of the .eml files a receiving server kept"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print one line for each invariant."""
        evidence = Evidence(
            grace=timedelta(seconds=options["grace"]),
            accepted=_ledger(options["ledger"]) if options["ledger"] else [],
            caught=_caught(options["sink"]) if options["sink"] else None,
        )
        broken = [self._report(invariant, evidence) for invariant in INVARIANTS]
        if any(broken):
            sys.exit(1)

    def _report(self, invariant: Invariant, evidence: Evidence) -> bool:
        violations = invariant.violations(evidence)
        examples = list(islice(violations, _EXAMPLES))
        number = len(examples) + sum(1 for _more in violations)
        said = f"{number} problem{'s' if number > 1 else ''}" if number else "ok"
        self.stdout.write(f"{invariant.name:4} {said:12} {invariant.promise}")
        for example in examples:
            self.stdout.write(f"     - {example}")
        if number > len(examples):
            self.stdout.write(f"     - and {number - len(examples)} more")
        return number > 0


def _ledger(file: Path) -> list[Accepted]:
    try:
        entries = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        return [Accepted(e["message_id"], bytes.fromhex(e["sha256"])) for e in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file} is no ledger that can be read: {error}") from error


def _caught(folder: Path) -> Counter[str]:
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder of caught mails.")
    counted: Counter[str] = Counter()
    for file in folder.glob("*.eml"):
        with file.open("rb") as mail:
            counted[str(BytesHeaderParser().parse(mail)["Message-ID"]).strip()] += 1
    return counted
