"""Taking hold of a ticket before changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from tickets.errors import Conflict
from tickets.models import Ticket
from tickets.permissions import demand_on_desk, demand_work

if TYPE_CHECKING:
    from tickets.scope import Scope


def locked(ticket: Ticket) -> Ticket:
    """The ticket's row, fresh and locked until the transaction ends."""
    return Ticket.objects.select_for_update(of=("self",)).select_related("queue").get(pk=ticket.pk)


def locked_for(by: Scope, ticket: Ticket, *, seen_version: int | None = None) -> Ticket:
    """As `locked`, for somebody who must be allowed to work on the ticket as it is now.

    `seen_version` is the version the caller decided on. Raises PermissionDenied, NotAllowedNow
    for a ticket in the trash, or Conflict when the version has moved.
    """
    fresh = locked(ticket)
    demand_work(by, fresh)
    demand_on_desk(fresh)
    if seen_version is not None and fresh.version != seen_version:
        raise Conflict(_("Somebody changed this ticket meanwhile. Look at it again, then decide."))
    return fresh


def save_changed(ticket: Ticket, *fields: str) -> None:
    """Store changed fields of a locked ticket; its version grows by one."""
    ticket.version += 1
    ticket.save(update_fields=[*fields, "version"])
