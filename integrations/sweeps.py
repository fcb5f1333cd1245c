"""Finding what is due and nobody was woken for: a lost wake-up costs seconds, never a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db.models import Q

from integrations import held, locks, outbound
from integrations.models import InboundState, RawInbound
from tickets import clock
from tickets.actions import reply, trash
from tickets.models import Draft, DraftState

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = structlog.get_logger(__name__)

_BATCH = 500
# A row that waits behind a long queue is not put into it again at each sweep.
_NOT_AGAIN_FOR_S = settings.LEASE_S // 3


def run(*, read: Callable[[int], object], send: Callable[[int], object]) -> None:
    """Release replies whose undo window is over, wake `read` and `send` for what is due.

    Two at the same time do the work of one.
    """
    with locks.alone("sweep") as mine:
        if not mine:
            return
        for draft_id in _oldest(_drafts(), by="release_at"):
            _release(draft_id)
        for raw_id in _not_lately("inbound", _oldest(_unread(), by="next_attempt_at")):
            read(raw_id)
        for delivery_id in _not_lately("delivery", _oldest(outbound.due(), by="next_attempt_at")):
            send(delivery_id)


def empty_trash() -> int:
    """Delete for good what is old enough; gives how much. Two at the same time do it once."""
    with locks.alone("trash") as mine:
        deleted = held.destroy_old() + trash.purge_old() if mine else 0
    if deleted:
        log.info("trash_emptied", count=deleted)
    return deleted


def _drafts() -> QuerySet[Draft]:
    return Draft.objects.filter(state=DraftState.SENDING, release_at__lte=clock.now())


def _unread() -> QuerySet[RawInbound]:
    now = clock.now()
    nobody_reads = Q(lease_until=None) | Q(lease_until__lte=now)
    return RawInbound.objects.filter(nobody_reads, state=InboundState.NEW, next_attempt_at__lte=now)


def _oldest(rows: QuerySet[Any], *, by: str) -> list[int]:
    return list(rows.order_by(by).values_list("pk", flat=True)[:_BATCH])


def _release(draft_id: int) -> None:
    """One reply that cannot leave must not hold back the others."""
    try:
        reply.release(draft_id)
    except Exception:
        log.exception("release_failed", draft=draft_id)


def _not_lately(kind: str, ids: Iterable[int]) -> list[int]:
    return [pk for pk in ids if cache.add(f"swept:{kind}:{pk}", 1, timeout=_NOT_AGAIN_FOR_S)]
