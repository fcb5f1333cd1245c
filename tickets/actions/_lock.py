"""Taking hold of a ticket before changing it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.errors import Conflict
from tickets.models import Ticket


def locked(ticket: Ticket, *, seen_version: int | None = None) -> Ticket:
    """The ticket's row, fresh and locked until the transaction ends.

    `seen_version` is the version the caller decided on. Raises Conflict when it has moved.
    """
    fresh = Ticket.objects.select_for_update(of=("self",)).select_related("queue").get(pk=ticket.pk)
    if seen_version is not None and fresh.version != seen_version:
        raise Conflict(_("Somebody changed this ticket meanwhile. Look at it again, then decide."))
    return fresh


def save_changed(ticket: Ticket, *fields: str) -> None:
    """Store changed fields of a locked ticket; its version grows by one."""
    ticket.version += 1
    ticket.save(update_fields=[*fields, "version"])
