"""What every form that writes something carries: its text, its key, its files."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from helpdesk.staff.back import number_in
from helpdesk.staff.uploads import TooLarge, files_of
from tickets.actions import drafts
from tickets.actions.annotate import mentioned_in
from tickets.errors import Incomplete
from tickets.models import DraftKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from helpdesk.http import StaffRequest
    from tickets.models import SideConversation, Ticket


def text_of(post: Mapping[str, str]) -> str:
    """The text as it is kept: one kind of line end, nothing the database refuses."""
    return post.get("body", "").replace("\r\n", "\n").replace("\x00", "")


def key_of(post: QueryDict) -> uuid.UUID:
    """The form's own key; a form without one is a form of its own."""
    try:
        return uuid.UUID(post.get("idempotency_key", ""))
    except ValueError:
        return uuid.uuid4()


def keep_files(
    request: StaffRequest, ticket: Ticket, kind: DraftKind, *, side: SideConversation | None = None
) -> None:
    """Put the form's files beside its draft, or take off the one it names.

    Raises Incomplete, in words, when they are too large or cannot be stored.
    """
    if "remove" in request.POST:
        if wrong := number_in(request.POST["remove"]):
            drafts.remove_file(ticket, wrong, by=request.scope, kind=kind, side=side)
        return
    try:
        if files := files_of(request):
            drafts.add_files(ticket, files, by=request.scope, kind=kind, side=side)
    except TooLarge as too_large:
        raise Incomplete(str(too_large), field="files") from too_large
    except OSError as error:
        raise Incomplete(
            _("The file could not be stored. Your text is kept; try the file again."),
            field="files",
        ) from error


def refuse_mentions(body: str, ticket: Ticket) -> None:
    """Raise Incomplete for a text that calls a colleague and would leave the house."""
    if called := mentioned_in(body, ticket=ticket):
        words = _(
            "%(name)s is a colleague, and this leaves the house. Mention people in an annotation."
        )
        raise Incomplete(words % {"name": called[0]}, field="body")
