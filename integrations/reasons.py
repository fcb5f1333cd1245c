"""Why an original is on no ticket, or is marked though it is: each code with its sentence.

The codes stand in `RawInbound.reason` and in what commands print, so they never change; the
sentences are for staff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

REASONS: dict[str, str | Promise] = {
    # Written by machines.
    "auto_reply": _("An automatic answer, such as an out-of-office notice."),
    "bounce": _("A mail server says that a mail of ours was not delivered."),
    "bounce_delayed": _("A mail server says that a mail of ours is delayed; it tries on."),
    "calendar_reply": _("A calendar's answer to an invitation."),
    "complaint": _("A provider says that a reader marked a mail of ours as spam."),
    "generated": _("Written by a program, not by a person."),
    "list": _("It came through a mailing list."),
    "loop": _("A mail of ours that came back."),
    "ours": _("A mail of ours from an archive, which answers nothing known here."),
    "receipt": _("A notice that a mail of ours was delivered or read."),
    # Who may speak on a thread.
    "authentication_failed": _("Its sender's domain says that it does not come from there."),
    "staff_by_mail": _(
        "It names a colleague as its sender, and colleagues answer on the ticket, not by mail:"
        " anybody can write a colleague's address into a mail."
    ),
    "blocked": _("Its sender is blocked."),
    "spam": _("A spam filter on its way marked it."),
    # Marked, though on a ticket.
    "repeated_id": _("Its Message-ID was used before, by a mail with another text."),
    "forwarded_in": _("A colleague forwarded it in; the ticket is that of whoever wrote it."),
    # Not read.
    "attempts": _("Reading it failed several times."),
    "not_fetched": _("The mail server lists it, but did not give it. It is still in the mailbox."),
    "fetched_later": _("The mail server gave it later, and it was read then."),
    "unparsable": _("It cannot be read as a mail."),
    "too_large": _("It is larger than what we read."),
    "too_many_parts": _("It has more parts than we read."),
    "too_many_attachments": _("It has more attachments than we read."),
    "too_many_addresses": _("It names more addresses than we read."),
    "too_heavy": _("Reading it took more time or memory than a mail may take."),
    "too_deep": _("Its parts are nested deeper than we read."),
    "headers_too_large": _("Its headers are larger than what we read."),
}


def words_of(reason: str) -> str:
    """The sentence for a code; a code nobody knows is shown as it is."""
    return str(REASONS.get(reason, reason))
