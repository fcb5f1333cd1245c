"""What one can do about a mail that became no ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_READ_LATER = _(
    "Download the original to see what it is. After an update have it read again, or open a "
    "ticket with it attached."
)
_MACHINE = _("Nothing to do. If it is a request after all, open a ticket with it.")

_ADVICE: dict[str, StrPromise] = {
    "authentication_failed": _("Ask the sender by another way. Let it in only when you are sure."),
    "staff_by_mail": _("Ask the colleague. What they mean to say, they write on the ticket."),
    "blocked": _(
        "Nothing to do. If somebody wanted it, open a ticket with it and unblock the sender."
    ),
    "not_fetched": _("Look at it in the mailbox itself, with a mail program."),
    **dict.fromkeys(
        [
            *("auto_reply", "bounce", "bounce_delayed", "calendar_reply", "complaint"),
            *("generated", "list", "loop", "receipt"),
        ],
        _MACHINE,
    ),
}


def advice(reason: str) -> StrPromise:
    """The sentence that says what to do about a mail with this reason."""
    return _ADVICE.get(reason, _READ_LATER)
