"""The inbox list: one short walk along an index for each visible queue, then a merge.

Nothing here grows with the number of tickets: no OFFSET, no COUNT of everything, no sort of
more than a page for each queue (decisions, Speed: Lists).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import IntegerField, OuterRef, Subquery
from django.db.models.functions import JSONObject, Left

from tickets.models import Label, Message, Queue, Ticket
from tickets.states import LIVE_STATUSES, Status, Turn

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tickets.querysets import TicketQuerySet
    from tickets.scope import Scope

Rows = TypeVar("Rows", bound="QuerySet[Any]")

PAGE = 50
COUNTED = 1000
_SNIPPET = 200
_MICROSECOND = 1_000_000


class View(StrEnum):
    """The views that everybody has."""

    OPEN = "open"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in a list ordered by time and number, newest first."""

    at: datetime
    number: int

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """The cursor an address carries; None for none and for nonsense."""
        micros, _, number = (text or "").partition("-")
        if not (micros.isdecimal() and number.isdecimal() and len(text or "") < 40):  # noqa: PLR2004
            return None
        try:
            at = datetime.fromtimestamp(int(micros) / _MICROSECOND, tz=UTC)
        except (OverflowError, ValueError, OSError):
            return None
        exact = at.replace(microsecond=int(micros) % _MICROSECOND)
        return cls(at=exact, number=min(int(number), 2**63 - 1))

    def __str__(self) -> str:
        seconds = int(self.at.replace(microsecond=0).timestamp())
        return f"{seconds * _MICROSECOND + self.at.microsecond}-{self.number}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some tickets in order, and where the pages beside this one begin."""

    tickets: list[Ticket]
    newer: Cursor | None
    older: Cursor | None


class CappedCount(Subquery):
    """How many rows, counting no further than the slice of the queryset goes."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS capped)"
    output_field = IntegerField()


def page(
    scope: Scope,
    view: View,
    *,
    queue: Queue | None = None,
    after: Cursor | None = None,
    before: Cursor | None = None,
    size: int = PAGE,
) -> Page:
    """A page of a view, latest customer activity first; two queries however many tickets.

    `after` gives what is older than a cursor, `before` what is newer.
    """
    keys = _keys(scope, view, queue=queue, after=after, before=before, size=size)
    more, keys = len(keys) > size, keys[:size]
    if before is not None:
        if not more:
            # The newest page is always a full one.
            return page(scope, view, queue=queue, size=size)
        keys.reverse()
    tickets = _rows(scope, [number for _at, number in keys])
    if not tickets:
        return Page(tickets=[], newer=None, older=None)
    first, last = _cursor(keys[0]), _cursor(keys[-1])
    return Page(
        tickets=tickets,
        newer=first if before is not None or after is not None else None,
        older=last if more or before is not None else None,
    )


def _cursor(key: tuple[datetime, int]) -> Cursor:
    return Cursor(at=key[0], number=key[1])


def _keys(
    scope: Scope,
    view: View,
    *,
    queue: Queue | None,
    after: Cursor | None,
    before: Cursor | None,
    size: int,
) -> list[tuple[datetime, int]]:
    order = ("last_customer_at", "number") if before else ("-last_customer_at", "-number")
    branches = [
        beyond(branch, after=after, before=before)
        .order_by(*order)
        .values_list("last_customer_at", "number")[: size + 1]
        for branch in _branches(scope, view, queue=queue)
    ]
    if not branches:
        return []
    merged = reduce(lambda one, other: one.union(other, all=True), branches)
    if len(branches) > 1:
        merged = merged.order_by(*order)[: size + 1]
    return list(merged)


def beyond(
    rows: Rows,
    *,
    after: Cursor | None,
    before: Cursor | None,
    at: str = "last_customer_at",
    number: str = "number",
) -> Rows:
    """The rows older than `after`, or newer than `before`, by a time and a number."""
    # The plain bound lets the index start there; the exclusion settles equal times.
    if before:
        newer = rows.filter(**{f"{at}__gte": before.at})
        return newer.exclude(**{at: before.at, f"{number}__lte": before.number})
    if after:
        older = rows.filter(**{f"{at}__lte": after.at})
        return older.exclude(**{at: after.at, f"{number}__gte": after.number})
    return rows


def _branches(scope: Scope, view: View, *, queue: Queue | None) -> list[TicketQuerySet]:
    """One queryset for each index to walk: a queue, or what is assigned to the reader."""
    if view == View.MINE and queue is None:
        mine = Ticket.objects.live().filter(assignee=scope.user)
        return [mine.filter(queue_id__in=scope.reachable)] if scope.user else []
    base = in_view(scope, view)
    wanted = {queue.pk} if queue else scope.reachable
    branches = [base.filter(queue_id=pk) for pk in sorted(scope.read & wanted)]
    own = scope.own & wanted
    if own and scope.user:
        branches.append(base.filter(queue_id__in=own, assignee=scope.user))
    return branches


def in_view(scope: Scope, view: View) -> TicketQuerySet:
    """The tickets a view is about, whoever may see them."""
    if view == View.ENDED:
        ended = [status for status in Status if status not in LIVE_STATUSES]
        return Ticket.objects.on_desk().filter(status__in=ended)
    live = Ticket.objects.live()
    if view == View.MINE:
        return live.filter(assignee=scope.user)
    if view == View.UNASSIGNED:
        return live.filter(assignee=None)
    if view == View.WAITING:
        return live.filter(turn=Turn.CUSTOMER)
    return live


def _rows(scope: Scope, numbers: list[int]) -> list[Ticket]:
    latest = (
        Message.objects.in_public().filter(ticket=OuterRef("pk")).order_by("-occurred_at", "-id")
    )
    rows = (
        with_labels(Ticket.objects.visible_to(scope))
        .filter(pk__in=numbers)
        .for_inbox()
        .annotate(snippet=Left(Subquery(latest.values("body")[:1]), _SNIPPET))
    )
    found = {ticket.pk: ticket for ticket in rows}
    return [found[number] for number in numbers if number in found]


def with_labels(tickets: TicketQuerySet) -> TicketQuerySet:
    """With `label_list`, the names and tones of the labels, in the same query."""
    labels = Label.objects.filter(tickets=OuterRef("pk")).order_by("name")
    return tickets.annotate(
        label_list=ArraySubquery(labels.values(json=JSONObject(name="name", tone="tone")))
    )


def counted(scope: Scope, view: View) -> CappedCount:
    """How many tickets of a live view the scope sees, as a part of another query."""
    return CappedCount(in_view(scope, view).visible_to(scope).values("pk")[:COUNTED])


def counted_of_queue() -> CappedCount:
    """How many live tickets the queue of the outer query holds; for queues fully readable."""
    return CappedCount(Ticket.objects.live().filter(queue=OuterRef("pk")).values("pk")[:COUNTED])
