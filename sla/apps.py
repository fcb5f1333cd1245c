"""The box of the clocks."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    """Targets and clocks; its tables come with them."""

    name = "sla"
    default_auto_field = "django.db.models.BigAutoField"
