"""Who has a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions._lock import locked_for, save_changed
from tickets.actions.triage import change_status, let_go, record_assigned
from tickets.errors import Conflict, NotAllowedNow
from tickets.permissions import can_be_assigned
from tickets.states import Status

if TYPE_CHECKING:
    from tickets.models import Team, Ticket, User
    from tickets.scope import Scope


@transaction.atomic
def take(ticket: Ticket, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Make the ticket mine and say that I am about to contact the customer: pending (S2.4).

    Raises Conflict when somebody else has it, unless `seen_version` shows that this was known.
    """
    if by.user is None:
        raise PermissionDenied(_("Only staff can take a ticket."))
    has_it = locked_for(by, ticket).assignee
    if seen_version is None and has_it not in {None, by.user}:
        raise Conflict(_("%(name)s has taken this ticket already.") % {"name": has_it})
    return to_agent(ticket, by.user, by=by, seen_version=seen_version)


@transaction.atomic
def to_agent(ticket: Ticket, user: User, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Give the ticket to a colleague; an open ticket becomes pending.

    Raises NotAllowedNow when the colleague could not work on it or the ticket has ended.
    """
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if ticket.assignee_id == user.pk:
        return ticket
    if not ticket.is_live:
        raise NotAllowedNow(_("This ticket has ended. Open it again first."))
    if not can_be_assigned(user, ticket):
        raise NotAllowedNow(
            _("%(name)s has no access to %(queue)s; a lead or an admin can give it.")
            % {"name": user, "queue": ticket.queue.name}
        )
    before, ticket.assignee = ticket.assignee, user
    save_changed(ticket, "assignee")
    record_assigned(ticket, by=by, before=str(before or ""), after=str(user), user=user)
    if ticket.status == Status.OPEN:
        change_status(ticket, Status.PENDING, by=by)
    return ticket


@transaction.atomic
def to_team(
    ticket: Ticket, team: Team | None, *, by: Scope, seen_version: int | None = None
) -> Ticket:
    """Say which team the ticket belongs to; its assignee stays. None takes it back.

    Raises NotAllowedNow when the team has no access to the queue.
    """
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if team and not team.accesses.filter(queue=ticket.queue_id).exists():
        raise NotAllowedNow(
            _("The team %(team)s has no access to %(queue)s; an admin can give it.")
            % {"team": team, "queue": ticket.queue.name}
        )
    before, ticket.team = ticket.team, team
    save_changed(ticket, "team")
    record_assigned(ticket, by=by, before=str(before or ""), after=str(team or ""), team=True)
    return ticket


@transaction.atomic
def unassign(ticket: Ticket, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Put the ticket back: nobody has it, and a pending one is open again."""
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if ticket.assignee is None:
        return ticket
    let_go(ticket, by=by)
    return ticket
