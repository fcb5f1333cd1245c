"""Waking workers once rows are committed: a courtesy, the sweep finds every row anyway."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.db import transaction

from integrations import tasks
from integrations.outbound import due

if TYPE_CHECKING:
    from integrations.models import Delivery, SendingDomain
    from tickets.models import Draft, Event

# Celery's countdown is never used for longer waits than this (security.md D1).
_LONGEST_COUNTDOWN_S = 60


def deliveries_of(event: Event) -> None:
    """Wake senders for what waits on the event's ticket."""
    waiting = due().filter(ticket=event.ticket_id)
    for delivery_id in waiting.values_list("pk", flat=True):
        tasks.deliver.delay(delivery_id)


def original_of(event: Event) -> None:
    """Wake a reader for the original that an event hands back."""
    tasks.process_inbound.delay(event.data["original"])


def delivery(row: Delivery) -> None:
    """Wake a sender for one row, once the transaction commits."""
    transaction.on_commit(lambda: tasks.deliver.delay(row.pk), robust=True)


def release(draft: Draft, *, seconds: float) -> None:
    """Have a submitted reply leave `seconds` from now, once the transaction commits.

    Called by whoever called `reply.submit`. Longer windows than a minute are the sweep's.
    """
    if seconds <= _LONGEST_COUNTDOWN_S:
        transaction.on_commit(
            lambda: tasks.release_reply.apply_async((draft.pk,), countdown=math.ceil(seconds)),
            robust=True,
        )


def domain_check(domain: SendingDomain) -> None:
    """Have a worker ask DNS about a domain, once the transaction commits."""
    transaction.on_commit(lambda: tasks.check_domain.delay(domain.pk), robust=True)
