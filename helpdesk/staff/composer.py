"""The two forms at the foot of a ticket: what each is filled with, and what was refused."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from helpdesk.staff.forwarding import Offered
from helpdesk.staff.pictures import pictures_in
from helpdesk.staff.recipients import Shown, shown
from tickets import clock, rendering
from tickets.models import DraftKind, DraftState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tickets.models import Attachment, Draft, Identity, Message, Participant, Ticket, User


@dataclass(kw_only=True)
class Filled:
    """One form: its text, and why it was not taken."""

    body: str = ""
    error: str = ""
    key: str = ""
    saved: str = ""
    held: str = ""
    newer: Sequence[Message] = ()
    files: list[Attachment] = field(default_factory=list)
    is_open: bool = False
    # What else the form holds, as it stands there (`Draft.form`); None: ask the draft.
    form: Mapping[str, Any] | None = None


@dataclass(kw_only=True)
class Composers:
    """All forms; a refused one is given, the rest is read from the drafts."""

    reply: Filled = field(default_factory=Filled)
    annotation: Filled = field(default_factory=Filled)
    forward: Filled = field(default_factory=Filled)
    offered: Offered = field(default_factory=Offered)
    recipients: Shown = field(default_factory=Shown)
    last_seen: int = 0

    def complete(
        self,
        ticket: Ticket,
        drafts: Iterable[Draft],
        *,
        by: User,
        people: Iterable[Participant],
        addresses: Mapping[int, Sequence[Identity]],
        newest: int,
    ) -> None:
        """Fill in drafts, recipients and what the page has shown of the conversation."""
        mine = {
            (draft.kind, draft.side_id): draft
            for draft in drafts
            if draft.author_id == by.pk and draft.state == DraftState.DRAFT
        }
        side = self.offered.side.pk if self.offered.side else None
        for kind, place, form in (
            (DraftKind.REPLY, None, self.reply),
            (DraftKind.ANNOTATION, None, self.annotation),
            (DraftKind.FORWARD, side, self.forward),
        ):
            form.key = form.key or str(uuid.uuid4())
            if draft := mine.get((kind, place)):
                _fill(form, draft)
        others = [person.contact for person in people if person.confirmed_at]
        self.recipients = shown(ticket, others, addresses, self.reply.form or {})
        self.last_seen = newest


@dataclass(frozen=True)
class Leaving:
    """A reply in its undo window: shown to staff as what it will be, stoppable by its author."""

    draft: Draft
    reader: User

    @property
    def body(self) -> SafeString:
        """The text as it will look."""
        pictures = pictures_in(self.draft.body, self.draft.attachments.all())
        return rendering.markdown_html(self.draft.body, pictures=pictures)

    @property
    def anchor(self) -> str:
        """Where an address with `#` leads to."""
        return f"d{self.draft.pk}"

    @property
    def is_mine(self) -> bool:
        """Whether the reader may stop it."""
        return self.draft.author_id == self.reader.pk

    @property
    def is_beside(self) -> bool:
        """Whether it goes to a third party."""
        return self.draft.kind == DraftKind.FORWARD

    @property
    def quoted(self) -> SafeString | str:
        """What of the public conversation goes along."""
        text = self.draft.form.get("frozen", {}).get("quoted", "")
        return rendering.plain_html(text) if text else ""

    @property
    def names(self) -> str:
        """Whom it goes to: "Ana +2"."""
        people = [*self.draft.to, *self.draft.cc]
        if not people:
            return ""
        first = people[0]["name"].split(" ")[0] or people[0]["address"]
        return f"{first} +{len(people) - 1}" if len(people) > 1 else first

    @property
    def seconds(self) -> int:
        """How long it can still be stopped."""
        if self.draft.release_at is None:
            return 0
        return max(0, math.ceil((self.draft.release_at - clock.now()).total_seconds()))


def _fill(form: Filled, draft: Draft) -> None:
    form.body = form.body or draft.body
    form.form = draft.form if form.form is None else form.form
    form.files = list(draft.attachments.all())
    form.is_open = True
    form.saved = _("Saved")
    form.held = form.held or held_words(draft.held_because)


def held_words(because: str) -> str:
    """Why a reply was given back to its author instead of being sent."""
    words = {
        "moved": _("It was not sent: somebody wrote while it waited. Read that, then send it."),
        "aside": _("It was not sent: somebody put the ticket into the trash or the spam."),
        "nobody_left": _(
            "It was not sent: whom it was for was taken off the ticket. Choose who gets it."
        ),
        "no_access": _("It was not sent: you can no longer work in this queue. Ask its leads."),
    }
    return words.get(because, _("It was not sent.")) if because else ""
