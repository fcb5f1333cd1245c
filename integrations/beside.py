"""What a mail to a third party has other than a reply to the customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.email.letter import Letter
    from tickets.models import Message


def letter_of(letter: Letter, message: Message) -> Letter:
    """The letter of a message beside a ticket: its own subject, and what its author chose to show.

    Nothing of what admins wrote for customers stands round it, and nothing said in public is
    quoted but what was chosen.
    """
    assert message.side
    again = "Re: " if letter.references else ""
    return replace(
        letter,
        subject=f"{again}{message.side.subject} [#{message.ticket_id}]",
        opening="",
        closing="",
        earlier=(),
        quoted=message.quoted,
    )
