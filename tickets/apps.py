"""The box of the domain."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Everything a ticket is made of."""

    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"
