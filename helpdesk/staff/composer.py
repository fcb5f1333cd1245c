"""The two forms at the foot of a ticket: what each is filled with, and what was refused."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tickets import clock, rendering
from tickets.models import DraftKind, DraftState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tickets.models import (
        Attachment,
        Contact,
        Draft,
        Identity,
        Message,
        Participant,
        Ticket,
        User,
    )


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


@dataclass(kw_only=True)
class Composers:
    """Both forms; a refused one is given, the rest is read from the drafts."""

    reply: Filled = field(default_factory=Filled)
    annotation: Filled = field(default_factory=Filled)
    to: Contact | None = None
    cc: list[Contact] = field(default_factory=list)
    address: str = ""
    undeliverable: list[Identity] = field(default_factory=list)
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
        mine = {d.kind: d for d in drafts if d.author_id == by.pk and d.state == DraftState.DRAFT}
        for kind, form in ((DraftKind.REPLY, self.reply), (DraftKind.ANNOTATION, self.annotation)):
            form.key = form.key or str(uuid.uuid4())
            if draft := mine.get(kind):
                _fill(form, draft)
        self.to = ticket.requester
        self.cc = [person.contact for person in people if person.confirmed_at]
        self.address = addresses[self.to.pk][0].external_id if addresses[self.to.pk] else ""
        first = [addresses[person.pk][:1] for person in (self.to, *self.cc)]
        self.undeliverable = [one for own in first for one in own if one.undeliverable_since]
        self.last_seen = newest

    @property
    def names(self) -> str:
        """Whom the button names: "Ana +2"."""
        first = self.to.short_name if self.to else ""
        return f"{first} +{len(self.cc)}" if self.cc else first

    @property
    def to_words(self) -> str:
        """The first recipient with the address the reply goes to."""
        return f"{self.to} <{self.address}>" if self.address else str(self.to)

    @property
    def cc_words(self) -> str:
        """The names of the others."""
        return ", ".join(str(contact) for contact in self.cc)


@dataclass(frozen=True)
class Leaving:
    """A reply in its undo window: shown to staff as what it will be, stoppable by its author."""

    draft: Draft
    reader: User

    @property
    def body(self) -> SafeString:
        """The text as it will look."""
        return rendering.markdown_html(self.draft.body)

    @property
    def anchor(self) -> str:
        """Where an address with `#` leads to."""
        return f"d{self.draft.pk}"

    @property
    def is_mine(self) -> bool:
        """Whether the reader may stop it."""
        return self.draft.author_id == self.reader.pk

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
    form.files = list(draft.attachments.all())
    form.is_open = True
    form.saved = _("Saved")
    form.held = form.held or held_words(draft.held_because)


def held_words(because: str) -> str:
    """Why a reply was given back to its author instead of being sent."""
    words = {
        "moved": _("It was not sent: somebody wrote while it waited. Read that, then send it."),
        "aside": _("It was not sent: somebody put the ticket into the trash or the spam."),
        "no_access": _("It was not sent: you can no longer work in this queue. Ask its leads."),
    }
    return words.get(because, _("It was not sent.")) if because else ""
