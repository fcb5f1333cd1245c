"""The road in, the same for every channel: keep the bytes, read them, accept what they say.

Keeping and reading are two steps (security.md B1.1): what is kept is safe, and can be read as
often as it takes. Reading it twice, also at once, has the effect of once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from integrations import glance, originals, registry
from integrations.accepting import Verdict, accept
from integrations.base import CannotParse
from integrations.models import InboundState, RawInbound
from tickets import clock
from tickets.crypto import CannotUnseal

if TYPE_CHECKING:
    from integrations.base import Inbound
    from integrations.models import Channel

__all__ = ["Outcome", "accept", "keep", "new_key", "process", "read", "understood"]

log = structlog.get_logger(__name__)

# An original whose reading failed or killed its process this often waits for a person.
MOST_ATTEMPTS = 5
# Whoever reads an original has it this long; a reader who is later than that changes nothing.
LEASE = timedelta(seconds=settings.LEASE_S)
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_ERROR = 2_000
# These become no message, so lists name them by what stands in them.
_SHOWN_TO_STAFF = {InboundState.HELD, InboundState.DEAD, InboundState.SUPPRESSED}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An original after reading, and what was understood if it was read now."""

    raw: RawInbound
    inbound: Inbound | None = None


def new_key() -> str:
    """A name for one hand-in, for sources that give none of their own."""
    return uuid.uuid4().hex


def keep(
    data: bytes,
    *,
    source: originals.Source,
    channels: Sequence[Channel],
    envelope: dict[str, Any],
) -> list[RawInbound]:
    """Store received bytes for each channel they are for, all or none; returns after commit.

    The first row has the source's own key, further ones have it with a number. Raises OSError or
    DatabaseError when they cannot be stored.
    """
    made: list[RawInbound] = []
    is_one_row = len(channels) == 1 and originals.stands_in_row(data)
    with nullcontext() if is_one_row else transaction.atomic():
        try:
            for number, channel in enumerate(channels, start=1):
                key = source.key if number == 1 else f"{source.key}.{number}"
                row, is_new = originals.keep(
                    data, source=replace(source, key=key), channel=channel, envelope=envelope
                )
                made += [row] if is_new else []
        except BaseException:
            for row in made:
                originals.discard(row)
            raise
    return made


def process(raw_id: int) -> RawInbound:
    """Read an original and accept it; does nothing when that is done or somebody is at it."""
    return read(raw_id).raw


def read(raw_id: int) -> Outcome:
    """As `process`, and gives what was understood. Never raises for what the bytes hold."""
    raw = _claimed(raw_id)
    if raw is None:
        return Outcome(raw=_row(raw_id))
    inbound = None
    try:
        inbound = _understood(raw)
        _settle(raw, inbound)
    except CannotParse as error:
        verdict = Verdict(state=InboundState.HELD, reason=error.reason)
        _finish(raw, verdict, error=str(error))
    # Whatever a hostile mail makes our code or a library do, the next mail must be read.
    except Exception as error:
        log.exception("inbound_failed", raw=raw.pk, attempt=raw.attempts)
        _postpone(raw, error)
    return Outcome(raw=raw, inbound=inbound)


def understood(raw: RawInbound) -> Inbound | None:
    """What an original says, read once more without any effect; None when it cannot be read."""
    try:
        return _understood(raw)
    except (CannotParse, OSError, CannotUnseal, originals.Damaged):
        return None


def _row(raw_id: int) -> RawInbound:
    rows = RawInbound.objects.select_related("channel__queue", "ticket", "message")
    return rows.defer("sealed_data").get(pk=raw_id)


def _claimed(raw_id: int) -> RawInbound | None:
    """Take the original: the attempt is counted and committed before anything is read (B1.5).

    One statement, so of two who come at once the later finds the lease of the first.
    """
    now = clock.now()
    waiting = RawInbound.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), pk=raw_id, state=InboundState.NEW
    )
    taken = waiting.filter(attempts__lt=MOST_ATTEMPTS).update(
        attempts=F("attempts") + 1, lease_until=now + LEASE
    )
    if taken:
        return RawInbound.objects.select_related("channel__queue").get(pk=raw_id)
    if worn := waiting.defer("sealed_data").first():
        _finish(
            worn,
            Verdict(state=InboundState.DEAD, reason="attempts"),
            error=worn.error or _("Whoever read it ended in the middle, each time."),
        )
    return None


def _understood(raw: RawInbound) -> Inbound:
    if raw.channel is None:
        raise CannotParse(_("It came by a channel that is no longer set up."))
    data = originals.read(raw)
    return registry.adapter(raw.channel.kind).parse(raw, data)


def _settle(raw: RawInbound, inbound: Inbound) -> None:
    """Accept it and say so, in one transaction, unless our lease ran out and another is at it."""
    with transaction.atomic():
        locked = RawInbound.objects.select_for_update().only("state", "attempts").get(pk=raw.pk)
        if not _is_ours(locked, raw) or raw.channel is None:
            raw.refresh_from_db()
            return
        _finish(raw, accept(raw, inbound, channel=raw.channel), inbound=inbound)


def _is_ours(now: RawInbound, then: RawInbound) -> bool:
    return now.state == InboundState.NEW and now.attempts == then.attempts


def _finish(
    raw: RawInbound, verdict: Verdict, *, error: str = "", inbound: Inbound | None = None
) -> None:
    shown = glance.of(raw, inbound) if verdict.state in _SHOWN_TO_STAFF else {}
    _note(
        raw,
        state=verdict.state,
        reason=verdict.reason,
        error=_told(error),
        ticket=verdict.ticket,
        message=verdict.message,
        finished_at=clock.now(),
        **shown,
    )


def _postpone(raw: RawInbound, error: Exception) -> None:
    """Note what went wrong and when to try again; the last time it waits for a person."""
    said = f"{type(error).__name__}: {error}"
    try:
        if raw.attempts >= MOST_ATTEMPTS:
            _finish(raw, Verdict(state=InboundState.DEAD, reason="attempts"), error=said)
            return
        wait = _FIRST_WAIT * 3 ** (raw.attempts - 1)
        _note(
            raw,
            # What was set in a transaction that then failed holds no more.
            state=InboundState.NEW,
            reason="",
            ticket=None,
            message=None,
            finished_at=None,
            error=_told(said),
            next_attempt_at=clock.now() + wait,
        )
    except DatabaseError:
        # The database is what is away: the lease runs out, and the sweep finds the row.
        log.exception("inbound_not_noted", raw=raw.pk)


def _note(raw: RawInbound, **changes: Any) -> None:
    """Give the original back with what became of it, unless somebody else has it by now."""
    changes["lease_until"] = None
    ours = RawInbound.objects.filter(pk=raw.pk, state=InboundState.NEW, attempts=raw.attempts)
    if not ours.update(**changes):
        raw.refresh_from_db()
        return
    for name, value in changes.items():
        setattr(raw, name, value)


def _told(error: str) -> str:
    return error.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:_LONGEST_ERROR]
