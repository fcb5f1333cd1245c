"""The box of the channels."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Email, and every channel that follows."""

    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"
