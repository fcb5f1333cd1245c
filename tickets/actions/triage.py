"""Deciding what a ticket is, how soon, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions._lock import locked_for, save_changed
from tickets.actions.annotate import add_annotation
from tickets.errors import Incomplete, NotAllowedNow
from tickets.events import EventKind, record
from tickets.permissions import can_be_assigned, demand_work
from tickets.states import STATUSES, Audience, Kind, Priority, Status, Turn, label_of, may_follow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickets.models import Label, Queue, StatusReason, Ticket, User
    from tickets.scope import Scope


@transaction.atomic
def set_status(
    ticket: Ticket,
    status: Status,
    *,
    by: Scope,
    reason: StatusReason | None = None,
    annotation: str = "",
    seen_version: int | None = None,
) -> Ticket:
    """Move a ticket to another status (S2.2); `annotation` is added along the way.

    Raises NotAllowedNow when the status may not follow, Incomplete when abandoning or
    invalidating without a reason and an annotation, Conflict when the ticket has moved.
    """
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if status == ticket.status:
        return ticket
    if not may_follow(ticket.status, status):
        raise NotAllowedNow(
            _("A ticket that is “%(before)s” cannot become “%(after)s”. Open it again first.")
            % {"before": label_of(ticket.status), "after": label_of(status)}
        )
    if STATUSES[status].needs_reason:
        _demand_reason(status, reason, annotation)
    if annotation.strip():
        add_annotation(ticket, annotation, by=by)
    return change_status(ticket, status, by=by, reason=reason)


def _demand_reason(status: Status, reason: StatusReason | None, annotation: str) -> None:
    if reason is None or reason.status != status:
        raise Incomplete(_("Choose why the ticket ends without a fix."), field="reason")
    if not annotation.strip():
        raise Incomplete(
            _("Add an annotation that says why: only staff read it."), field="annotation"
        )


def change_status(
    ticket: Ticket,
    status: Status,
    *,
    by: Scope,
    reason: StatusReason | None = None,
    data: dict[str, Any] | None = None,
) -> Ticket:
    """Change the status of a locked ticket and record it; for actions that have decided."""
    before, ticket.status = ticket.status, status
    turn = STATUSES[status].turn
    ticket.turn = turn or (Turn.US if ticket.turn == Turn.NOBODY else ticket.turn)
    ticket.reason = reason
    if status == Status.OPEN:
        ticket.assignee = None
    save_changed(ticket, "status", "turn", "reason", "assignee")
    record(
        EventKind.TICKET_STATUS_CHANGED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        data={
            "from": before,
            "to": status,
            "reason": reason.text if reason else "",
            **(data or {}),
        },
    )
    return ticket


@transaction.atomic
def set_turn(ticket: Ticket, turn: Turn, *, by: Scope, seen_version: int | None = None) -> Ticket:
    """Say whose turn it is, when no message says so by itself."""
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if turn == ticket.turn:
        return ticket
    before, ticket.turn = ticket.turn, turn
    save_changed(ticket, "turn")
    record(EventKind.TICKET_TURN_CHANGED, by=by, ticket=ticket, data={"from": before, "to": turn})
    return ticket


@transaction.atomic
def assess_priority(
    ticket: Ticket,
    priority: Priority,
    *,
    by: Scope,
    reason: str = "",
    seen_version: int | None = None,
) -> Ticket:
    """Set the priority staff find right (B5); it takes the place of the requested one.

    Raises Incomplete when it differs from what the customer asked for and no reason is given.
    """
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if ticket.requested_priority not in {"", priority} and not reason.strip():
        raise Incomplete(
            _("The customer asked for %(requested)s. Say why it is %(assessed)s.")
            % {"requested": ticket.requested_priority, "assessed": priority},
            field="reason",
        )
    if priority == ticket.assessed_priority and reason == ticket.priority_reason:
        return ticket
    before = ticket.priority
    ticket.assessed_priority = ticket.priority = priority
    ticket.priority_reason = reason
    save_changed(ticket, "assessed_priority", "priority", "priority_reason")
    record(
        EventKind.TICKET_PRIORITY_ASSESSED,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        data={"from": before, "to": priority, "reason": reason},
    )
    return ticket


@transaction.atomic
def set_kind(
    ticket: Ticket, kind: Kind | None, *, by: Scope, seen_version: int | None = None
) -> Ticket:
    """Say what the ticket is about (S1.3); None takes the decision back."""
    ticket = locked_for(by, ticket, seen_version=seen_version)
    after = kind or ""
    if after == ticket.kind:
        return ticket
    before, ticket.kind = ticket.kind, after
    save_changed(ticket, "kind")
    record(EventKind.TICKET_KIND_CHANGED, by=by, ticket=ticket, data={"from": before, "to": after})
    return ticket


@transaction.atomic
def set_labels(
    ticket: Ticket, labels: Iterable[Label], *, by: Scope, seen_version: int | None = None
) -> Ticket:
    """Give the ticket exactly these labels."""
    ticket = locked_for(by, ticket, seen_version=seen_version)
    before, after = {label.name for label in ticket.labels.all()}, {label.name for label in labels}
    if before == after:
        return ticket
    ticket.labels.set(labels)
    save_changed(ticket)
    record(
        EventKind.TICKET_LABELS_CHANGED,
        by=by,
        ticket=ticket,
        data={"added": sorted(after - before), "removed": sorted(before - after)},
    )
    return ticket


@transaction.atomic
def move_to_queue(
    ticket: Ticket, queue: Queue, *, by: Scope, seen_version: int | None = None
) -> Ticket:
    """Move the ticket to another queue the mover can work in; who lacks that queue lets go.

    Raises PermissionDenied, naming the leads, when the mover may not work in either queue.
    """
    ticket = locked_for(by, ticket, seen_version=seen_version)
    if queue.pk == ticket.queue_id:
        return ticket
    before, ticket.queue = ticket.queue, queue
    demand_work(by, ticket)
    if not ticket.assessed_priority:
        ticket.priority = queue.default_priority
    save_changed(ticket, "queue", "priority")
    record(
        EventKind.TICKET_QUEUE_CHANGED,
        by=by,
        ticket=ticket,
        data={"from": before.name, "to": queue.name},
    )
    if ticket.assignee and not can_be_assigned(ticket.assignee, ticket):
        let_go(ticket, by=by)
    return ticket


def let_go(ticket: Ticket, *, by: Scope) -> None:
    """Take a locked ticket from its assignee; one that was being worked on is open again."""
    before, ticket.assignee = ticket.assignee, None
    save_changed(ticket, "assignee")
    record_assigned(ticket, by=by, before=str(before), after="")
    if ticket.status in {Status.PENDING, Status.IN_PROGRESS}:
        change_status(ticket, Status.OPEN, by=by)


def record_assigned(
    ticket: Ticket,
    *,
    by: Scope,
    before: str,
    after: str,
    user: User | None = None,
    team: bool = False,
) -> None:
    """Record who has the ticket, by the names of then; `team` when it is about the team."""
    record(
        EventKind.TICKET_ASSIGNED,
        by=by,
        ticket=ticket,
        data={"from": before, "to": after, "user": user.pk if user else None, "team": team},
    )
