from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    """The composition root: has no models, connects the boxes below."""

    name = "helpdesk"

    def ready(self) -> None:
        from helpdesk import wiring

        wiring.connect()
