"""`manage.py demo`: a small company with some two hundred tickets, to look at."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.demo import load, logins


class Command(BaseCommand):
    """Loads the demo, or tells how to sign in to it."""

    help = "Load the demo; run twice, the second time changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The switches."""
        parser.add_argument("--logins", action="store_true", help="print who can sign in, and stop")
        parser.add_argument("--code", metavar="EMAIL", help="print the current code of a login")
        parser.add_argument("--force", action="store_true", help="load beside tickets of your own")
        parser.add_argument(
            "--i-know",
            action="store_true",
            help="allow it without DEBUG, although everybody knows the passwords",
        )

    def handle(self, **options: Any) -> None:
        """Do what was asked."""
        if options["logins"]:
            self._logins()
        elif options["code"]:
            self._code(options["code"])
        else:
            self._load(force=options["force"], i_know=options["i_know"])

    def _load(self, *, force: bool, i_know: bool) -> None:
        if not (settings.DEBUG or i_know):
            raise CommandError(
                "The demo's passwords are public, so it is meant for DEBUG=true alone. "
                "With --i-know it is loaded all the same."
            )
        try:
            made = load.load(force=force)
        except load.RealTickets:
            raise CommandError(
                "This database holds tickets already. The demo would stand among them and cannot "
                "be taken out again. Use an empty database, or --force if you mean it."
            ) from None
        if made is None:
            self.stdout.write("The demo is here already; nothing was changed.")
        else:
            self.stdout.write(f"The demo is loaded: {made} tickets.")

    def _logins(self) -> None:
        if load.is_loaded():
            self.stdout.write(logins.table())

    def _code(self, email: str) -> None:
        if not load.is_staff_of_demo(email):
            raise CommandError(f"{email} is no staff login of the demo; --logins lists them.")
        self.stdout.write(logins.code())
