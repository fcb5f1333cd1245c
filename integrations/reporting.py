"""What became of a received mail, as the plain data that commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.email import machines
from integrations.models import InboundState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integrations.base import Inbound, Person
    from integrations.inbound import Outcome
    from integrations.models import RawInbound

_ON_A_TICKET = {"created", "appended"}


def line_of(name: str, outcome: Outcome, *, is_repeated: bool = False) -> dict[str, Any]:
    """One received file. `is_repeated`: these very bytes had been handed in before."""
    raw, inbound = outcome.raw, outcome.inbound
    became = "duplicate" if is_repeated else outcome_of(raw)
    return {
        "file": name,
        "outcome": became,
        "ticket": raw.ticket_id,
        "message": raw.message_id,
        **_understood(inbound),
        "reason": raw.reason or raw.error or _unread(raw),
        "would_answer": became in _ON_A_TICKET and _would_answer(raw, inbound),
    }


def failed(name: str, *, because: str) -> dict[str, Any]:
    """One file that could not be kept, or not be read for now."""
    return {
        "file": name,
        "outcome": "failed",
        "ticket": None,
        "message": None,
        **_understood(None),
        "reason": because,
        "would_answer": False,
    }


def outcome_of(raw: RawInbound) -> str:
    """What became of an original, in one of the words that commands print."""
    if raw.state == InboundState.DONE and raw.message and raw.ticket:
        first = raw.ticket.messages.order_by("pk").values_list("pk", flat=True).first()
        return "created" if first == raw.message_id else "appended"
    known = {InboundState.DUPLICATE, InboundState.HELD, InboundState.SUPPRESSED}
    return str(raw.state) if raw.state in known else "failed"


def _unread(raw: RawInbound) -> str | None:
    """Somebody else has taken it and is not done."""
    return "being_read" if raw.state == InboundState.NEW else None


def _would_answer(raw: RawInbound, inbound: Inbound | None) -> bool:
    # Whose address stands inside a forwarded mail has not written to us.
    if inbound is None or raw.channel is None or raw.reason == "forwarded_in":
        return False
    return raw.channel.queue.acknowledges and machines.may_answer(inbound)


def _understood(inbound: Inbound | None) -> dict[str, Any]:
    author = inbound.author if inbound else None
    content = inbound.content if inbound else None
    has_text = inbound is not None and inbound.text is not None
    return {
        "subject": inbound.subject if inbound else None,
        "from": author.external_id if author else None,
        "from_name": inbound.author_name if inbound else None,
        "to": _addresses(inbound.to) if inbound else [],
        "cc": _addresses(inbound.cc) if inbound else [],
        "text": inbound.text if inbound else None,
        "reply_text": content.body if content and has_text else None,
        "html": inbound.html if inbound else None,
        "attachments": [
            {"name": file.name, "type": file.content_type, "size": len(file.data)}
            for file in (content.files if content else ())
        ],
    }


def _addresses(people: Iterable[Person]) -> list[str]:
    return [person.external_id for person in people]
