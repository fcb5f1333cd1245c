"""`manage.py listen`: the doors through which mail comes in."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import listener


class Command(BaseCommand):
    """Waits for mail at MAIL_DOOR (SMTP) and, where set, MAIL_DOOR_LMTP."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Listen until told to stop; mail in hand is finished first."""
        # The library tells every command of every client.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        try:
            asyncio.run(listener.listen(tell=self._tell))
        except listener.CannotListen as error:
            raise CommandError(str(error)) from error

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
