"""What happens when something happened: every consequence of every event, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpdesk import celery
from helpdesk.live import broker as live
from integrations import notifications, outbound, purging, wake
from tickets import events
from tickets.events import EventKind, Handler

# Rows written with the event; a failure here takes the action back.
IN_TRANSACTION: Mapping[str, Sequence[Handler]] = {
    EventKind.MESSAGE_RECEIVED: [notifications.notify],
    EventKind.MESSAGE_SENT: [outbound.enqueue, notifications.notify],
    EventKind.SIDE_RECEIVED: [notifications.notify],
    EventKind.SIDE_SENT: [outbound.enqueue, notifications.notify],
    EventKind.ANNOTATION_ADDED: [notifications.notify],
    EventKind.TICKET_ASSIGNED: [notifications.notify],
    EventKind.REPLY_HELD: [notifications.notify],
    EventKind.DELIVERY_FAILED: [notifications.notify],
    EventKind.TICKET_DISCARDED: [purging.stop_machines],
    EventKind.TICKET_PURGED: [purging.destroy_mail_of],
}

_WAKES: Mapping[str, Sequence[Handler]] = {
    # Opening a ticket may have queued its acknowledgement.
    EventKind.MESSAGE_RECEIVED: [wake.deliveries_of],
    EventKind.MESSAGE_SENT: [wake.deliveries_of],
    EventKind.SIDE_SENT: [wake.deliveries_of],
    EventKind.DELIVERY_REPEATED: [wake.deliveries_of],
    EventKind.ORIGINAL_REQUEUED: [wake.original_of],
}
# Others woken once it is committed; a failure here harms nothing. Browsers hear of everything:
# what they may see is decided where they listen.
AFTER_COMMIT: Mapping[str, Sequence[Handler]] = {
    kind: [*_WAKES.get(kind, []), live.on_event] for kind in EventKind
}


def connect() -> None:
    """Hand both tables to `tickets.events`; called once, when Django is ready."""
    # Wakes go through our own Celery app in every process, web pages and commands included.
    celery.app.set_default()
    events.connect(in_transaction=IN_TRANSACTION, after_commit=AFTER_COMMIT)
