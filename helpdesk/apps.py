from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    """The composition root: has no models, connects the boxes below."""

    name = "helpdesk"

    def ready(self) -> None:
        # Importing is enough: shared tasks find the app, Django finds the checks.
        from helpdesk import celery, checks, wiring  # noqa: F401

        wiring.connect()
