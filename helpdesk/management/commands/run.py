"""`manage.py run`: the launcher, for whoever looks for it among the commands."""

from typing import Any

from django.core.management.base import BaseCommand

from helpdesk.launcher.run import main


class Command(BaseCommand):
    """Starts services and every process of the product under one supervisor."""

    help = "Run the whole product on this machine until Ctrl-C (the same as `make run`)."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Returns when everything has stopped."""
        main()
