"""The form that writes to a third party: what it offers, and what it says when it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from helpdesk.staff import people, recipients, uploads
from helpdesk.staff.back import number_in
from tickets.actions import _seen
from tickets.errors import Incomplete
from tickets.models import Attachment, SideConversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from helpdesk.staff.timeline import Entry
    from tickets.models import Contact, Message, Ticket

# What of the public conversation goes along: one message, all of it, nothing.
MESSAGE, ALL, NOTHING = "message", "all", "nothing"


def form_of(post: QueryDict) -> dict[str, Any]:
    """What the form holds beside its text, as it stands there."""
    return {
        **recipients.form_of(post),
        "subject": post.get("subject", "").replace("\x00", "")[:500],
        "include": post.get("include", NOTHING),
        "message": number_in(post.get("message", "")) or 0,
        "file": [pk for pk in map(number_in, post.getlist("file")) if pk],
    }


def side_of(ticket: Ticket, text: str) -> SideConversation | None:
    """The side conversation of this ticket that a form or an address names; None for none."""
    number = number_in(text)
    sides = ticket.side_conversations.prefetch_related("parties__contact")
    return sides.filter(pk=number).first() if number else None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whom and what a form names, in the words of `tickets.actions.forward.Forward`."""

    to: list[Contact]
    at: dict[int, str] = field(default_factory=dict)
    messages: list[int]
    files: list[int]


def chosen(ticket: Ticket, side: SideConversation | None, form: Mapping[str, Any]) -> Chosen:
    """Read the form back. Raises Incomplete, in words, for addresses that cannot be meant."""
    to, at = _recipients(side, form)
    files: list[int] = [] if side else form["file"]
    sizes = Attachment.objects.filter(pk__in=files, ticket=ticket).values_list("size", flat=True)
    if sum(sizes) > uploads.LIMIT:
        words = _("The files are %(size)s together, and %(limit)s is the most. Choose fewer.")
        sized = {"size": filesizeformat(sum(sizes)), "limit": filesizeformat(uploads.LIMIT)}
        raise Incomplete(words % sized, field="files")
    return Chosen(to=to, at=at, messages=_messages(ticket, side, form), files=files)


def _recipients(
    side: SideConversation | None, form: Mapping[str, Any]
) -> tuple[list[Contact], dict[int, str]]:
    if side:
        ticked = set(form.get("to", ()))
        everybody = [party.contact for party in side.parties.all()]
        return [contact for contact in everybody if str(contact.pk) in ticked], {}
    typed = people.read(", ".join(form.get("also_to", ())), field="also_to")
    found = [(people.contact_of(person), person.external_id) for person in typed]
    return [contact for contact, _at in found], {contact.pk: at for contact, at in found}


def _messages(ticket: Ticket, side: SideConversation | None, form: Mapping[str, Any]) -> list[int]:
    if side or form["include"] == NOTHING:
        return []
    said = ticket.messages.in_public()
    if form["include"] == MESSAGE:
        said = said.filter(pk=form["message"])
    return list(said.values_list("pk", flat=True))


@dataclass(kw_only=True)
class Offered:
    """What the page shows of it: `side` is the conversation it goes on with."""

    side: SideConversation | None = None
    recipients: recipients.Shown = field(default_factory=recipients.Shown)
    subject: str = ""
    include: str = MESSAGE
    message: Message | None = None
    files: list[tuple[Attachment, bool]] = field(default_factory=list)
    last_seen: int = 0


def offered(
    ticket: Ticket,
    *,
    side: SideConversation | None,
    form: Mapping[str, Any],
    entries: Sequence[Entry],
    start: int | None,
    newest: int,
) -> Offered:
    """Fill the form: as it stands, or from the message it starts with (by default the newest of
    the customer's that the page shows)."""
    if side:
        rows = recipients.among([party.contact for party in side.parties.all()], form)
        seen = _seen.newest(ticket, side=side)
        return Offered(side=side, recipients=rows, include=NOTHING, last_seen=seen)
    said = {entry.message.pk: entry for entry in entries if _is_public(entry)}
    of_customer = [pk for pk, entry in said.items() if not entry.message.by_staff]
    wanted = start or form.get("message") or 0
    entry = said.get(wanted) or (said[of_customer[-1]] if of_customer else None)
    kept = None if start else form.get("file")
    return Offered(
        recipients=recipients.outside(form),
        subject=form.get("subject", ticket.subject),
        include=MESSAGE if start else form.get("include", MESSAGE if entry else NOTHING),
        message=entry.message if entry else None,
        files=list(_files(said.values(), chosen=kept, of=entry)),
        last_seen=newest,
    )


def _is_public(entry: Entry) -> bool:
    return entry.kind == "message" and not entry.is_beside


def _files(
    entries: Iterable[Entry], *, chosen: Sequence[int] | None, of: Entry | None
) -> Iterable[tuple[Attachment, bool]]:
    for entry in entries:
        for file in entry.files:
            yield file, file.pk in chosen if chosen is not None else entry is of
