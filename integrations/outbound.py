"""The outbox: what has to go out, as rows, and the attempts to hand it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.models import Delivery

if TYPE_CHECKING:
    from django.db.models import QuerySet


def due() -> QuerySet[Delivery]:
    """Deliveries whose next attempt is due."""
    return Delivery.objects.none()


def attempt(delivery_id: int) -> None:
    """Try once to send a delivery."""
