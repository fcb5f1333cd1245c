"""The undo window of whatever leaves the house: frozen as a draft, given back or let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickets import clock, recipients
from tickets.models import Draft, DraftState
from tickets.states import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tickets.content import Recipient
    from tickets.models import DraftKind, Message, SideConversation, Ticket
    from tickets.scope import Scope


def freeze(
    ticket: Ticket,
    kind: DraftKind,
    *,
    by: Scope,
    window: timedelta,
    fields: Mapping[str, Any],
    side: SideConversation | None = None,
) -> Draft:
    """Freeze what somebody submitted; it leaves when `window` is over."""
    now = clock.now()
    draft, _made = Draft.objects.update_or_create(
        ticket=ticket,
        kind=kind,
        side=side,
        author=by.user,
        state=DraftState.DRAFT,
        defaults={
            **fields,
            "submitted_at": now,
            "release_at": now + window,
            "held_because": "",
        },
    )
    draft.state = DraftState.SENDING
    draft.save(update_fields=["state"])
    return draft


def give_back(draft: Draft, *, held_because: str = "") -> None:
    """Make a draft of it again; what was begun meanwhile is put below."""
    begun = Draft.objects.filter(
        ticket=draft.ticket_id,
        kind=draft.kind,
        side=draft.side_id,
        author=draft.author_id,
        state=DraftState.DRAFT,
    ).first()
    if begun:
        draft.body = f"{draft.body}\n\n{begun.body}"
        begun.attachments.update(draft=draft)
        begun.delete()
    draft.state = DraftState.DRAFT
    draft.idempotency_key = None
    draft.submitted_at = draft.release_at = None
    draft.held_because = held_because
    draft.save()


def remaining(draft: Draft, chosen: list[Recipient]) -> list[Recipient]:
    """The frozen recipients, without those taken off the ticket while it waited."""
    since = draft.submitted_at or clock.now()
    return recipients.still_on(draft.ticket, chosen, since=since)


def done(draft: Draft, message: Message) -> None:
    """Note what came of a draft; its files are the message's now."""
    draft.attachments.update(message=message, draft=None)
    draft.state, draft.message = DraftState.SENT, message
    draft.save(update_fields=["state", "message"])


def pass_turn(draft: Draft, ticket: Ticket, turn: Turn) -> list[str]:
    """Make it `turn`, unless the author said otherwise or the ticket has ended; before, after."""
    before = ticket.turn
    ticket.turn = Turn(draft.set_turn or turn) if ticket.is_live else Turn.NOBODY
    ticket.save(update_fields=["turn"])
    return [before, ticket.turn]
