"""What was said in public, as text for somebody who was not there."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickets.models import Message

# A mail of a few hundred pages is read by nobody and refused by many servers.
_LONGEST = 200_000


def history(messages: Sequence[Message]) -> str:
    """The new text of each message under who wrote it when, oldest first.

    Names only: addresses of the customer's people are theirs. What a message quoted is left out,
    the messages it quotes can be chosen. The oldest go when it becomes too long, with a word.
    """
    parts, length = [], 0
    for message in reversed(messages):
        part = _one(message)
        length += len(part)
        if length > _LONGEST:
            parts.append(_("(Earlier messages are left out.)"))
            break
        parts.append(part)
    return "\n\n".join(reversed(parts))


def _one(message: Message) -> str:
    when = message.occurred_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = _("%(name)s wrote on %(when)s:") % {"name": _name(message), "when": when}
    return f"{head}\n\n{message.body.strip()[:_LONGEST]}"


def _name(message: Message) -> str:
    """Colleagues by the name customers know; nobody by an address."""
    user = getattr(message.author, "user", None) if message.by_staff else None
    name = user.first_name if user else message.author.name
    return name.partition("@")[0] or _("Somebody")
