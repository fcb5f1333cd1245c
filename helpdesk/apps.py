"""The composition root as an application of Django."""

from django.apps import AppConfig
from django.conf import settings


class HelpdeskConfig(AppConfig):
    """The composition root: has no models, connects the boxes below."""

    name = "helpdesk"

    def ready(self) -> None:
        """Connect what follows from events; say once a process when its Python is old."""
        # Importing is enough: shared tasks find the app, Django finds the checks.
        from helpdesk import celery, checks, wiring  # noqa: F401

        wiring.connect()
        if settings.ROLE != "command":
            checks.note_old_interpreter()
