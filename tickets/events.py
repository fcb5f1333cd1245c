"""What happened, and the door by which others hear of it; nothing else.

Each action ends with `record`, which writes the Event in the action's own transaction. Handlers
are connected once, by `helpdesk.wiring`; nobody else may.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tickets import clock
from tickets.models import Event
from tickets.states import Audience

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.models import Annotation, Message, Ticket
    from tickets.scope import Scope

Handler = Callable[[Event], None]


class EventKind(StrEnum):
    """`<noun>.<past participle>`; the timeline has one template for each that needs its own."""

    TICKET_OPENED = "ticket.opened"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_STATUS_CHANGED = "ticket.status_changed"
    TICKET_TURN_CHANGED = "ticket.turn_changed"
    TICKET_PRIORITY_ASSESSED = "ticket.priority_assessed"
    TICKET_KIND_CHANGED = "ticket.kind_changed"
    TICKET_QUEUE_CHANGED = "ticket.queue_changed"
    TICKET_LABELS_CHANGED = "ticket.labels_changed"
    TICKET_LINKED = "ticket.linked"
    TICKET_UNLINKED = "ticket.unlinked"
    TICKET_DISCARDED = "ticket.discarded"
    TICKET_RESTORED = "ticket.restored"
    TICKET_PURGED = "ticket.purged"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    # Kept on the ticket, and nobody's turn: an automatic answer.
    MESSAGE_FILED = "message.filed"
    SIDE_SENT = "side.sent"
    SIDE_RECEIVED = "side.received"
    SIDE_FILED = "side.filed"
    SIDE_CLOSED = "side.closed"
    SIDE_REOPENED = "side.reopened"
    ANNOTATION_ADDED = "annotation.added"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_PROPOSED = "participant.proposed"
    PARTICIPANT_CONFIRMED = "participant.confirmed"
    PARTICIPANT_REFUSED = "participant.refused"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_HISTORY_SHARED = "participant.history_shared"
    PARTICIPANT_HISTORY_UNSHARED = "participant.history_unshared"
    REPLY_HELD = "reply.held"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_REPEATED = "delivery.repeated"
    DELIVERY_REPORTED = "delivery.reported"
    ADDRESS_CLEARED = "address.cleared"
    ACCESS_CHANGED = "access.changed"
    ORIGINAL_RELEASED = "original.released"
    ORIGINAL_DISCARDED = "original.discarded"
    ORIGINAL_RESTORED = "original.restored"
    ORIGINAL_REQUEUED = "original.requeued"
    ORIGINAL_DOWNLOADED = "original.downloaded"
    DELIVERY_DISMISSED = "delivery.dismissed"
    SENDER_BLOCKED = "sender.blocked"
    SENDER_UNBLOCKED = "sender.unblocked"


_in_transaction: Mapping[str, Sequence[Handler]] = {}
_after_commit: Mapping[str, Sequence[Handler]] = {}


def connect(
    *,
    in_transaction: Mapping[str, Sequence[Handler]],
    after_commit: Mapping[str, Sequence[Handler]],
) -> None:
    """Take the table of consequences; called by `helpdesk.wiring` alone.

    `in_transaction` handlers write rows and may roll the action back; `after_commit` handlers
    wake workers and browsers and may fail without harm.
    """
    global _in_transaction, _after_commit
    _in_transaction, _after_commit = in_transaction, after_commit


def record(
    kind: EventKind,
    *,
    by: Scope,
    ticket: Ticket | None = None,
    audience: Audience = Audience.STAFF,
    data: dict[str, Any] | None = None,
    message: Message | None = None,
    annotation: Annotation | None = None,
    occurred_at: datetime | None = None,
) -> Event:
    """Write what happened and run its consequences; call it last in an action.

    `occurred_at` defaults to the database's time; a message keeps the time it was written.
    """
    event = Event.objects.create(
        kind=kind,
        ticket=ticket,
        audience=audience,
        user=by.user,
        contact=by.contact,
        data=data or {},
        message=message,
        annotation=annotation,
        occurred_at=occurred_at or clock.now(),
    )
    for handler in _in_transaction.get(kind, ()):
        handler(event)
    for handler in _after_commit.get(kind, ()):
        transaction.on_commit(_guarded(handler, event), robust=True)
    return event


def _guarded(handler: Handler, event: Event) -> Callable[[], None]:
    def call() -> None:
        handler(event)

    return call


@contextlib.contextmanager
def silenced() -> Any:
    """Record without consequences: for loading data that happened elsewhere (imports, demo)."""
    global _in_transaction, _after_commit
    kept = _in_transaction, _after_commit
    _in_transaction, _after_commit = {}, {}
    try:
        yield
    finally:
        _in_transaction, _after_commit = kept
