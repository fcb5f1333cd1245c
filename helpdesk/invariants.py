"""What must hold whatever broke: each invariant finds its own violations (security.md B2).

They are read row by row, so that a large desk needs no large memory. Each finding is a sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet

from integrations import originals, storage
from integrations.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    InboundState,
    MessageRoute,
    RawInbound,
)
from tickets import attachments, clock
from tickets.actions import trash
from tickets.crypto import CannotUnseal
from tickets.events import EventKind
from tickets.models import Annotation, Attachment, Draft, DraftState, Event, Message, Ticket

_ROWS = 100
Findings = Iterator[str]


class Accepted(NamedTuple):
    """A message that a source was told we have: its Message-ID and the sha256 of its bytes."""

    message_id: str
    sha256: bytes


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is compared with: `grace` for work under way, and what the outside noted, if known.

    `caught` counts the copies of each Message-ID that reached the receiving mail server.
    """

    grace: timedelta = timedelta(seconds=120)
    accepted: list[Accepted] = field(default_factory=list)
    caught: dict[str, int] | None = None


class Invariant(NamedTuple):
    """One promise and how to find what breaks it."""

    name: str
    promise: str
    violations: Callable[[Evidence], Findings]


def nothing_lost(evidence: Evidence) -> Findings:
    """I1: what was accepted is stored, once, and can be read back byte for byte."""
    for raw in RawInbound.objects.exclude(sealed_key=b"").iterator(chunk_size=_ROWS):
        try:
            originals.read(raw)
        except (OSError, CannotUnseal, originals.Damaged) as error:
            yield f"original {raw.pk} cannot be read back: {error}"
    for accepted in evidence.accepted:
        copies = RawInbound.objects.filter(sha256=accepted.sha256)
        once = copies.exclude(state=InboundState.DUPLICATE).values("channel")
        if not copies.exists():
            yield f"{accepted.message_id} was accepted and is not stored"
        elif once.count() != once.distinct().count() or not once:
            yield f"{accepted.message_id} is stored {copies.count()} times, not once"


def nothing_stuck(evidence: Evidence) -> Findings:
    """I2: everything due was done, or tried, within the grace period."""
    before = clock.now() - evidence.grace
    nobody_reads = Q(lease_until=None) | Q(lease_until__lt=before)
    unread = RawInbound.objects.filter(
        nobody_reads, state=InboundState.NEW, next_attempt_at__lt=before
    )
    unsent = Delivery.objects.filter(
        state__in=[DeliveryState.QUEUED, DeliveryState.SENDING], next_attempt_at__lt=before
    )
    unreleased = Draft.objects.filter(state=DraftState.SENDING, release_at__lt=before)
    yield from (f"original {pk} waits to be read" for pk in _keys(unread))
    yield from (f"delivery {pk} waits to be sent" for pk in _keys(unsent))
    yield from (f"reply {pk} waits to be released" for pk in _keys(unreleased))
    silent = RawInbound.objects.waiting().filter(reason="")
    yield from (f"original {pk} is held and nobody is told why" for pk in _keys(silent))
    yield from _left_in_the_trash()


def _left_in_the_trash() -> Findings:
    """What the sweep, which comes every ten minutes, should have deleted a day ago."""
    before = clock.now() - trash.KEPT_FOR - storage.KEPT_FOR
    tickets = Ticket.objects.exclude(aside="").filter(purged_at=None, aside_at__lt=before)
    mail = RawInbound.objects.put_aside().filter(aside_at__lt=before)
    yield from (f"ticket {pk} stays in the trash" for pk in _keys(tickets))
    yield from (f"original {pk} stays in the trash" for pk in _keys(mail))


def nothing_doubled(evidence: Evidence) -> Findings:
    """I3: one message on a ticket for each one received."""
    done = RawInbound.objects.filter(state=InboundState.DONE)
    for pk in _keys(done.filter(message=None)):
        yield f"original {pk} is done without a message"
    for pk in _keys(done.exclude(message__ticket=F("ticket"))):
        yield f"original {pk} and its message are on different tickets"
    twins = done.values("channel", "sha256").annotate(times=Count("pk")).filter(times__gt=1)
    for twin in twins.iterator(chunk_size=_ROWS):
        yield f"the same bytes became {twin['times']} messages on channel {twin['channel']}"
    for accepted in evidence.accepted:
        routes = MessageRoute.objects.filter(remote_id=accepted.message_id)
        per_channel = routes.values("channel").annotate(times=Count("message", distinct=True))
        if doubled := [row["times"] for row in per_channel if row["times"] > 1]:
            yield f"{accepted.message_id} became {doubled[0]} messages"


def replies_leave(evidence: Evidence) -> Findings:
    """I4: each recipient of a reply has a delivery; a second copy only after a cut."""
    rows = Count("deliveries", filter=Q(deliveries__kind=DeliveryKind.REPLY))
    replies = Message.objects.filter(by_staff=True, ticket__purged_at=None).annotate(rows=rows)
    for pk, to, cc, number in replies.values_list("pk", "to", "cc", "rows").iterator(
        chunk_size=_ROWS
    ):
        addresses = {recipient["address"] for recipient in [*to, *cc]}
        if number != len(addresses):
            yield f"message {pk} has {len(addresses)} recipients and {number} deliveries"
    if evidence.caught is None:
        return
    for delivery in Delivery.objects.iterator(chunk_size=_ROWS):
        copies = evidence.caught.get(delivery.remote_id, 0)
        most = 2 if delivery.possibly_sent_twice else 1
        least = 1 if delivery.state == DeliveryState.SENT else 0
        if not least <= copies <= most:
            yield f"delivery {delivery.pk} ({delivery.state}) arrived {copies} times"


def nothing_unasked(evidence: Evidence) -> Findings:
    """I5: nothing left that no committed row stands for."""
    for message_id in evidence.caught or ():
        if not Delivery.objects.filter(remote_id=message_id).exists():
            yield f"{message_id} was sent without a delivery"


def nothing_pretended(_evidence: Evidence) -> Findings:
    """I7: sent means that a server said so; not delivered says why, on the ticket."""
    sent = Delivery.objects.filter(state=DeliveryState.SENT)
    unproven = sent.exclude(response__regex=r"^2\d\d", sent_at__isnull=False)
    yield from (f"delivery {pk} shows sent without a server's 2xx" for pk in _keys(unproven))
    failed = Delivery.objects.filter(
        state=DeliveryState.FAILED, ticket__isnull=False, ticket__purged_at=None
    )
    for delivery in failed.iterator(chunk_size=_ROWS):
        told = Event.objects.filter(
            ticket=delivery.ticket_id,
            kind=EventKind.DELIVERY_FAILED,
            data__delivery=delivery.pk,
        )
        if not (delivery.response and told.exists()):
            yield f"delivery {delivery.pk} failed without a word on its ticket"


def nothing_missing(_evidence: Evidence) -> Findings:
    """I10: each message and annotation has its event, each file its bytes."""
    for pk in _keys(Message.objects.filter(event=None)):
        yield f"message {pk} has no event"
    for pk in _keys(Annotation.objects.filter(event=None)):
        yield f"annotation {pk} has no event"
    for attachment in Attachment.objects.iterator(chunk_size=_ROWS):
        try:
            data = attachments.read(attachment)
        except OSError as error:
            yield f"attachment {attachment.pk} cannot be read: {error.strerror}"
            continue
        if hashlib.sha256(data).digest() != bytes(attachment.sha256):
            yield f"attachment {attachment.pk} has other bytes than it was stored with"
    # The sweep comes four times a day and takes what is a day old.
    for path in storage.orphans(older_than=2 * storage.KEPT_FOR):
        yield f"file {path.name} is named by nothing"


def nothing_kept_back(_evidence: Evidence) -> Findings:
    """What was deleted for good is gone, and what it was about cannot be told."""
    said = Q(messages__body__gt="") | Q(messages__html__gt="") | Q(annotations__body__gt="")
    kept = said | Q(subject__gt="") | Q(attachments__isnull=False)
    # Mail that waits for a decision is not the ticket's own.
    kept |= Q(inbound__message__isnull=False) & ~Q(inbound__sealed_key=b"")
    purged = Ticket.objects.filter(kept, purged_at__isnull=False).distinct()
    for pk in _keys(purged):
        yield f"ticket {pk} was deleted for good and still says something"


INVARIANTS = (
    Invariant("I1", "nothing that was accepted is lost", nothing_lost),
    Invariant("I2", "nothing is stuck", nothing_stuck),
    Invariant("I3", "nothing is doubled", nothing_doubled),
    Invariant("I4", "every reply leaves, once for each recipient", replies_leave),
    Invariant("I5", "nothing leaves that was not written", nothing_unasked),
    Invariant("I7", "what is shown as sent was sent", nothing_pretended),
    Invariant("P1", "what was deleted for good is gone", nothing_kept_back),
    Invariant("I10", "no event and no file is missing", nothing_missing),
)


def _keys(rows: QuerySet[Any]) -> Iterator[int]:
    return rows.values_list("pk", flat=True).iterator(chunk_size=_ROWS)
