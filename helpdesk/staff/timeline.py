"""The conversation of a ticket as a page shows it: one spine of events, read in few queries.

However long a ticket is, only its first and its last entries are read; the middle is a link.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from helpdesk.staff.pictures import pictures_in
from integrations.email import calendars, layout, quotes
from integrations.email.calendars import Invitation
from integrations.models import Delivery, DeliveryKind, DeliveryState
from tickets import attachments, rendering
from tickets.actions.reply import newest_seen
from tickets.inbox import Cursor
from tickets.models import Annotation, Attachment, Event, Message, Via
from tickets.states import Authority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tickets.models import Ticket
    from tickets.querysets import EventQuerySet
    from tickets.scope import Scope

FIRST, LAST = 4, 40
FOLDED_FROM = 3
_CALENDARS = {"text/calendar", "application/ics"}
_MOST_INVITATIONS = 5
_PICTURED = {Via.EMAIL, Via.DISCORD, Via.MATRIX, Via.GITHUB}
_PENDING = {DeliveryState.QUEUED, DeliveryState.SENDING}


@dataclass(kw_only=True)
class Entry:
    """One thing to show: a message, an annotation, some changes in a row, or a gap."""

    kind: Literal["message", "annotation", "changes", "gap"]
    events: list[Event] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    older: Cursor | None = None
    invitation: Invitation | None = None

    @property
    def event(self) -> Event:
        """The only, or the first, event."""
        return self.events[0]

    @property
    def message(self) -> Message:
        """The message of an entry of that kind."""
        assert self.event.message
        return self.event.message

    @property
    def annotation(self) -> Annotation:
        """The annotation of an entry of that kind."""
        assert self.event.annotation
        return self.event.annotation

    @property
    def is_folded(self) -> bool:
        """Whether several changes are shown as one line."""
        return len(self.events) >= FOLDED_FROM

    @property
    def is_unverified(self) -> bool:
        """Whether the sender's address is all we know of them (security.md A2)."""
        return self.message.authority == Authority.PLAUSIBLE

    @property
    def is_beside(self) -> bool:
        """Whether it was said to or by a third party, where the customer reads nothing."""
        return self.message.side_id is not None

    @property
    def act_url(self) -> str:
        """Where one forwards it, or writes to the third party again."""
        what = f"side={self.message.side_id}" if self.is_beside else f"forward={self.message.pk}"
        return f"?{what}#forward-body"

    @cached_property
    def body(self) -> SafeString:
        """The cleaned new text, in the sender's own layout where that says the same."""
        if self.kind == "annotation":
            return rendering.markdown_html(self.annotation.body)
        if markup := self._layout:
            return rendering.clean_html(markup, pictures=pictures_of(self.files))
        return rendering.message_html(self.message, pictures=self._pictures)

    @property
    def _layout(self) -> str:
        """The sender's own layout of the new text, as far as there is one."""
        if self.message.html and self.message.quoted:
            return layout.new_part(self.message.html, self.message.body) or ""
        return self.message.html

    @property
    def _pictures(self) -> dict[str, str]:
        """The files that our own text may show in its place, with their addresses."""
        if not self.message.by_staff:
            return {}
        return pictures_in(self.message.body, self.message.attachments.all())

    @cached_property
    def listed_files(self) -> list[Attachment]:
        """The files that do not stand in the text already."""
        return [file for file in self.files if not rendering.shows(self.body, address_of(file))]

    @cached_property
    def quoted(self) -> SafeString | str:
        """Earlier conversation below the new text, shown folded."""
        return rendering.plain_html(self.message.quoted) if self.message.quoted else ""

    @property
    def quoted_words(self) -> str:
        """What is folded: earlier messages, a signature, or both."""
        if not self.message.quoted:
            return ""
        kinds = {fold for fold, _text in quotes.folds(self.message.quoted)}
        if kinds == {quotes.Fold.SIGNATURE}:
            return _("Signature")
        if quotes.Fold.SIGNATURE in kinds:
            return _("Signature and earlier messages")
        return _("Earlier messages")

    @property
    def anchor(self) -> str:
        """Where an address with `#` leads to: "m12" for a message, "a3" for an annotation."""
        if self.kind == "annotation":
            return f"a{self.annotation.pk}"
        return f"m{self.message.pk}"

    @property
    def channel(self) -> str:
        """The door it came through or left by, where that has a picture."""
        return self.message.via if self.message.via in _PICTURED else ""

    @property
    def to_words(self) -> str:
        """Whom a message of ours went to: "to Ana, Cc +2"."""
        names = [person.get("name") or person.get("address", "") for person in self.message.to]
        if not names:
            return ""
        copies = f", Cc +{len(self.message.cc)}" if self.message.cc else ""
        return _("to %(names)s") % {"names": ", ".join(names)} + copies

    @property
    def shows_deliveries(self) -> bool:
        """Whether there is more to say than that everything left."""
        return len(self.deliveries) > 1 or self.delivery in {"failed", "queued"}

    @property
    def delivery(self) -> str:
        """Where a message of ours stands: the worst of its copies, or nothing known."""
        states = {delivery.state for delivery in self.deliveries}
        if DeliveryState.FAILED in states:
            return "failed"
        if states & _PENDING:
            return "queued"
        return "sent" if DeliveryState.SENT in states else ""


def pictures_of(files: Iterable[Attachment]) -> dict[str, str]:
    """What a received page may call its pictures, and where they are."""
    return {file.content_id: address_of(file) for file in files if file.content_id}


def address_of(file: Attachment) -> str:
    """Where a reader gets a file, if it is theirs to get."""
    return reverse("staff:attachment", args=[file.pk])


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A window on the conversation; `newer` and `older` lead to what lies outside it."""

    entries: list[Entry]
    newest_event: int
    is_window: bool = False
    older: Cursor | None = None


def read(ticket: Ticket, scope: Scope, *, before: Cursor | None = None) -> Timeline:
    """The first and last entries, or the entries before a place (a page further back)."""
    events = (
        Event.objects.visible_to(scope)
        .filter(ticket=ticket)
        .select_related("user", "contact", "message__author", "annotation__author")
    )
    newest_first = events.order_by("-occurred_at", "-id")
    if before:
        older = newest_first.filter(occurred_at__lte=before.at)
        found = list(older.exclude(occurred_at=before.at, id__gte=before.number)[: LAST + 1])
        rest = found[LAST:] and _cursor(found[LAST - 1])
        entries = _entries(found[LAST - 1 :: -1] if rest else found[::-1], scope)
        return Timeline(entries=entries, newest_event=0, is_window=True, older=rest or None)
    found = list(newest_first[: LAST + 1])
    # What is said beside the ticket holds back no reply, so no form has to have seen it.
    public = (event.pk for event in found if event.message and event.message.side_id is None)
    newest = max(public, default=0)
    newest = newest or newest_seen(ticket)
    if len(found) <= LAST:
        return Timeline(entries=_entries(found[::-1], scope), newest_event=newest)
    return Timeline(entries=_with_gap(events, found[:LAST], scope), newest_event=newest)


def _with_gap(events: EventQuerySet, last: list[Event], scope: Scope) -> list[Entry]:
    edge = _cursor(last[-1])
    first = list(events.order_by("occurred_at", "id")[:FIRST])
    last.reverse()
    seen = {event.pk for event in first}
    later = [event for event in last if event.pk not in seen]
    if len(later) < len(last):
        return _entries([*first, *later], scope)
    entries = _entries([*first, *later], scope, gap_after=len(first))
    for entry in entries:
        if entry.kind == "gap":
            entry.older = edge
    return entries


def _cursor(event: Event) -> Cursor:
    return Cursor(at=event.occurred_at, number=event.pk)


def _entries(events: Sequence[Event], scope: Scope, *, gap_after: int = 0) -> list[Entry]:
    entries: list[Entry] = []
    for place, event in enumerate(events):
        if gap_after and place == gap_after:
            entries.append(Entry(kind="gap"))
        if event.message_id:
            entries.append(Entry(kind="message", events=[event]))
        elif event.annotation_id:
            entries.append(Entry(kind="annotation", events=[event]))
        elif entries and entries[-1].kind == "changes":
            entries[-1].events.append(event)
        else:
            entries.append(Entry(kind="changes", events=[event]))
    _add_files(entries, scope)
    _add_invitations(entries)
    _add_deliveries(entries)
    return entries


def _ids(entries: Iterable[Entry], kind: str) -> list[int]:
    return [
        entry.event.message_id or entry.event.annotation_id or 0
        for entry in entries
        if entry.kind == kind
    ]


def _add_files(entries: list[Entry], scope: Scope) -> None:
    messages, annotations = _ids(entries, "message"), _ids(entries, "annotation")
    wanted = Q(message__in=messages) | Q(annotation__in=annotations)
    files = defaultdict(list)
    for file in Attachment.objects.visible_to(scope).filter(wanted).order_by("pk"):
        files[file.message_id, file.annotation_id].append(file)
    for entry in entries:
        if entry.kind in {"message", "annotation"}:
            entry.files = files[entry.event.message_id, entry.event.annotation_id]


def _add_invitations(entries: list[Entry]) -> None:
    """Read the calendar files of the newest messages that have one."""
    received = [e for e in entries if e.kind == "message" and not e.message.by_staff]
    found = [(e, f) for e in reversed(received) for f in e.files if f.content_type in _CALENDARS]
    for entry, file in found[:_MOST_INVITATIONS]:
        if entry.invitation is None and file.size <= calendars.LARGEST:
            # A file that is away is told by its own link.
            with contextlib.suppress(OSError):
                entry.invitation = calendars.read(attachments.read(file))


def _add_deliveries(entries: list[Entry]) -> None:
    sent = [e.event.message_id for e in entries if e.kind == "message" and e.message.by_staff]
    copies = defaultdict(list)
    if sent:
        replies = Delivery.objects.filter(message__in=sent, kind=DeliveryKind.REPLY)
        for delivery in replies.order_by("pk"):
            copies[delivery.message_id].append(delivery)
    for entry in entries:
        if entry.kind == "message":
            entry.deliveries = copies[entry.event.message_id]
