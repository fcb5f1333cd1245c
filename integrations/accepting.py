"""What becomes of an understood message: one action on one ticket, or a reason why none.

Everything here happens in one transaction with the state of the original, so a message is on its
ticket exactly when its original says so.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations import (
    acknowledge,
    blocking,
    forwarded_in,
    locks,
    notifications,
    returned,
    threads,
)
from integrations.base import Authentication, Fate, Machine
from integrations.email import machines, mailboxes
from integrations.models import InboundState, MessageRoute
from tickets import clock
from tickets.actions import forward, participants
from tickets.actions.history import note_sent
from tickets.actions.link import link
from tickets.actions.open import Request, open_ticket
from tickets.actions.people import contact_for
from tickets.actions.receive import file, may_reopen, receive
from tickets.models import Contact, LinkKind, Via
from tickets.permissions import SYSTEM, scope_of_contact
from tickets.states import Authority, IdentityKind

if TYPE_CHECKING:
    from integrations.base import Inbound, Person, Report
    from integrations.email.forwarded import Forwarded
    from integrations.models import Channel, RawInbound
    from integrations.threads import Thread
    from tickets.content import Content, Recipient
    from tickets.models import Message, SideConversation, Ticket

# More people than this in one mail are a mailing, not company.
_MOST_OTHERS = 50
# The source of what the door took.
_OPEN_DOOR = "smtp"
# More automatic answers than this a day on one ticket are two machines that talk.
_MOST_AUTOMATIC = 10


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Where the message went: a final state, its reason, and what it became."""

    state: InboundState
    reason: str = ""
    ticket: Ticket | None = None
    message: Message | None = None


@dataclass(frozen=True, kw_only=True)
class _Mail:
    """An original with what was understood of it."""

    raw: RawInbound
    inbound: Inbound
    channel: Channel
    is_forwarded: bool = False

    @property
    def is_old(self) -> bool:
        """Whether it lay in its mailbox before we first looked: nobody is told of it any more."""
        return bool(self.raw.envelope.get("imported"))

    @property
    def is_from_us(self) -> bool:
        """Whether it left one of our own mailboxes, as far as it says."""
        author = self.inbound.author
        if author is None or author.kind != IdentityKind.EMAIL:
            return False
        return author.external_id in self.ours

    @cached_property
    def ours(self) -> set[str]:
        """Which of the addresses it names are ours: nobody is written to there. One query."""
        people = [*self.inbound.to, *self.inbound.cc]
        people += [self.inbound.author] if self.inbound.author else []
        return mailboxes.ours_among({person.external_id for person in people})


# It is a part of the caller's transaction, and fails with it.
@transaction.atomic(savepoint=False)
def accept(raw: RawInbound, inbound: Inbound, *, channel: Channel) -> Verdict:
    """Put a message where it belongs (`decisions.md`, Who speaks on a thread).

    The caller holds the original's row locked and writes the verdict into it.
    """
    mail = _Mail(raw=raw, inbound=inbound, channel=channel)
    if inbound.report:
        return _noted(inbound.report, mail)
    if reason := _needs_no_ticket(mail):
        return Verdict(state=InboundState.SUPPRESSED, reason=reason)
    if inbound.author and blocking.is_blocked(inbound.author):
        return Verdict(state=InboundState.SUPPRESSED, reason="blocked")
    # Two copies of one message, come by two roads, wait for each other.
    locks.in_turn(f"inbound {inbound.remote_id}")
    thread = threads.find(inbound, channel=channel)
    if known := _had_already(mail, thread):
        return Verdict(state=InboundState.DUPLICATE, ticket=known.message.ticket)
    with notifications.silence() if mail.is_old else nullcontext():
        verdict = _said_before(mail, thread) if mail.is_from_us else _placed(mail, thread)
    return _routed(mail, verdict)


def _noted(report: Report, mail: _Mail) -> Verdict:
    """What a server says about a mail of ours is noted with that mail."""
    is_delay = report.fate == Fate.DELAYED
    return Verdict(
        state=InboundState.SUPPRESSED,
        reason="bounce_delayed" if is_delay else str(mail.inbound.machine),
        ticket=returned.note(report, channel=mail.channel),
    )


@transaction.atomic
def place(
    raw: RawInbound, inbound: Inbound, *, channel: Channel, ticket: Ticket | None = None
) -> Verdict:
    """Put a message where staff decided: on `ticket`, or on a new one.

    Nothing holds it any more, but its sender gets no more authority than the mail itself proves.
    The caller has the right to decide, holds the original locked and writes the verdict into it.
    """
    mail = _Mail(raw=raw, inbound=inbound, channel=channel)
    locks.in_turn(f"inbound {inbound.remote_id}")
    if known := _had_already(mail, threads.Thread(ticket=ticket) if ticket else None):
        return Verdict(state=InboundState.DUPLICATE, ticket=known.message.ticket)
    thread = threads.find(inbound, channel=channel) if ticket else None
    if ticket and thread and thread.side and thread.ticket == ticket:
        # Beside the ticket it was held, beside the ticket it stays.
        verdict = _beside(mail, thread.side, authority=_authority_of_new(inbound))
    elif ticket:
        verdict = _appended(mail, ticket, authority=_authority_of_new(inbound))
    else:
        verdict = _opened(mail)
    return _routed(mail, verdict)


def _needs_no_ticket(mail: _Mail) -> str:
    machine = mail.inbound.machine
    if machine in machines.NO_TICKET - machines.ANSWERS:
        return str(machine)
    if mail.is_from_us and not mail.is_old:
        return str(Machine.LOOP)
    return ""


def _had_already(mail: _Mail, thread: Thread | None) -> MessageRoute | None:
    """The same id with the same content, here or on the ticket it would go to (B1.2)."""
    here = Q(channel=mail.channel) | Q(message__ticket__queue=mail.channel.queue_id)
    if thread:
        here |= Q(message__ticket=thread.ticket)
    same = MessageRoute.objects.known_as([mail.inbound.remote_id]).filter(
        here, sha256=mail.inbound.sha256
    )
    return same.select_related("message__ticket").first()


def _placed(mail: _Mail, thread: Thread | None) -> Verdict:
    if mail.inbound.machine in machines.ANSWERS:
        return _filed(mail, thread)
    standing = threads.standing(mail.inbound, thread) if thread else threads.Doubt.STRANGER
    if doubt := _doubt(mail, standing):
        ticket = thread.ticket if thread else None
        return Verdict(state=InboundState.HELD, reason=doubt, ticket=ticket)
    if thread is None:
        found = forwarded_in.original_of(mail.inbound)
        return _forwarded(mail, found) if found else _opened(mail)
    if not isinstance(standing, Authority):
        return _opened(mail, after=thread.ticket, kind=LinkKind.POSSIBLY_RELATED)
    if thread.side:
        return _beside(mail, thread.side, authority=standing)
    return _answered(mail, thread.ticket, authority=standing)


def _answered(mail: _Mail, ticket: Ticket, *, authority: Authority) -> Verdict:
    if not may_reopen(ticket):
        return _opened(mail, after=ticket, kind=LinkKind.FOLLOW_UP, authority=authority)
    return _appended(mail, ticket, authority=authority)


def _doubt(mail: _Mail, standing: Authority | threads.Doubt) -> str:
    """Why the mail waits for staff; a stranger's has a ticket of its own, and needs no reason."""
    if standing in {threads.Doubt.FORGED, threads.Doubt.STAFF}:
        return str(standing)
    # Who brings back our token is no spammer, whatever a filter thinks.
    return "spam" if standing != Authority.VERIFIED and _is_spam(mail) else ""


def _is_spam(mail: _Mail) -> bool:
    """Whether a filter's word counts on this channel: as an admin says, else everywhere but at
    the open door, where nobody filters before us."""
    honours = mail.channel.config.get("honours_spam_headers")
    if honours is None:
        honours = mail.raw.source != _OPEN_DOOR
    return mail.inbound.is_spam and honours


def _opened(
    mail: _Mail,
    *,
    after: Ticket | None = None,
    kind: LinkKind = LinkKind.POSSIBLY_RELATED,
    authority: Authority | None = None,
) -> Verdict:
    inbound, channel = mail.inbound, mail.channel
    requester = _author(inbound)
    request = Request(
        queue=channel.queue,
        subject=inbound.subject or ("" if inbound.content.body.strip() else _("(no subject)")),
        requester=requester,
        via=Via(channel.kind),
        channel=channel.slug,
        others=_others(mail),
    )
    message = open_ticket(
        request,
        by=scope_of_contact(requester),
        content=_addressed(mail),
        authority=authority or _authority_of_new(inbound),
        occurred_at=mail.raw.received_at,
        written_at=inbound.sent_at if mail.is_forwarded else None,
    )
    if after:
        link(message.ticket, after, kind, by=SYSTEM)
    is_told = channel.queue.acknowledges and not (mail.is_old or mail.is_forwarded)
    if is_told and machines.may_answer(inbound):
        acknowledge.maybe(
            message,
            inbound=inbound,
            channel=channel,
            peer=str(mail.raw.envelope.get("peer", "")),
            is_answer=after is not None,
        )
    return Verdict(state=InboundState.DONE, ticket=message.ticket, message=message)


def _forwarded(mail: _Mail, found: Forwarded) -> Verdict:
    """What a colleague forwards is its writer's ticket; the colleague's words are for staff."""
    original = forwarded_in.request_in(found, inbound=mail.inbound)
    verdict = _opened(replace(mail, inbound=original, is_forwarded=True))
    if verdict.message:
        forwarded_in.explain(verdict.message, found, inbound=mail.inbound, channel=mail.channel)
    return replace(verdict, reason="forwarded_in")


def _appended(mail: _Mail, ticket: Ticket, *, authority: Authority) -> Verdict:
    author = _author(mail.inbound)
    by = scope_of_contact(author)
    message = receive(
        ticket,
        by=by,
        author=author,
        content=_addressed(mail),
        via=Via(mail.channel.kind),
        authority=authority,
        occurred_at=mail.raw.received_at,
    )
    if authority == Authority.VERIFIED:
        for other in _others(mail):
            participants.propose(ticket, other, by=by)
    return Verdict(state=InboundState.DONE, ticket=ticket, message=message)


def _beside(mail: _Mail, side: SideConversation, *, authority: Authority) -> Verdict:
    """What a third party answers stays beside the ticket; whom they copied does not join."""
    author = _author(mail.inbound)
    message = forward.receive(
        side,
        by=scope_of_contact(author),
        author=author,
        content=_addressed(mail),
        via=Via(mail.channel.kind),
        authority=authority,
        occurred_at=mail.raw.received_at,
    )
    return Verdict(state=InboundState.DONE, ticket=side.ticket, message=message)


def _filed(mail: _Mail, thread: Thread | None) -> Verdict:
    """An automatic answer is kept on the ticket it answers, and is a reason for none."""
    reason = str(mail.inbound.machine)
    standing = threads.standing(mail.inbound, thread) if thread else threads.Doubt.STRANGER
    if thread is None or not isinstance(standing, Authority) or _is_storm(thread.ticket):
        ticket = thread.ticket if thread else None
        return Verdict(state=InboundState.SUPPRESSED, reason=reason, ticket=ticket)
    if thread.side:
        content = replace(mail.inbound.content, is_automatic=True)
        automatic = replace(mail, inbound=replace(mail.inbound, content=content))
        return replace(_beside(automatic, thread.side, authority=standing), reason=reason)
    author = _author(mail.inbound)
    message = file(
        thread.ticket,
        by=scope_of_contact(author),
        author=author,
        content=_addressed(mail),
        via=Via(mail.channel.kind),
        authority=standing,
        occurred_at=mail.raw.received_at,
    )
    return Verdict(state=InboundState.DONE, reason=reason, ticket=thread.ticket, message=message)


def _said_before(mail: _Mail, thread: Thread | None) -> Verdict:
    """What we wrote before this product was here stands on the ticket it answers."""
    if thread is None:
        return Verdict(state=InboundState.SUPPRESSED, reason="ours")
    message = note_sent(
        thread.ticket,
        by=SYSTEM,
        author_name=mail.inbound.author_name,
        content=mail.inbound.content,
        via=Via(mail.channel.kind),
        occurred_at=mail.raw.received_at,
    )
    return Verdict(state=InboundState.DONE, ticket=thread.ticket, message=message)


def _is_storm(ticket: Ticket) -> bool:
    """Whether programs have said enough on the ticket for a day."""
    lately = clock.now() - timedelta(days=1)
    said = ticket.messages.filter(is_automatic=True, recorded_at__gt=lately)
    return said.count() >= _MOST_AUTOMATIC


def _addressed(mail: _Mail) -> Content:
    """The content with whom else it was written to; that it was written to us goes unsaid."""
    inbound, ours = mail.inbound, mail.ours
    return replace(
        inbound.content,
        to=[_recipient(person) for person in inbound.to if person.external_id not in ours],
        cc=[_recipient(person) for person in inbound.cc if person.external_id not in ours],
    )


def _recipient(person: Person) -> Recipient:
    return {"name": person.name, "kind": person.kind, "address": person.external_id}


def _authority_of_new(inbound: Inbound) -> Authority:
    vouched = inbound.authentication == Authentication.PASS
    return Authority.VERIFIED if vouched else Authority.PLAUSIBLE


def _author(inbound: Inbound) -> Contact:
    """Who wrote it; an unreadable sender is a person of their own, never matched to anybody."""
    if inbound.author is None:
        return Contact.objects.create(name=inbound.author_name[:200])
    return _contact(inbound.author, is_writing=inbound.machine is None)


def _contact(person: Person, *, is_writing: bool = False) -> Contact:
    return contact_for(
        kind=person.kind,
        external_id=person.external_id,
        name=person.name,
        is_writing=is_writing,
    )


def _others(mail: _Mail) -> list[Contact]:
    """The people in To and Cc who are neither the author nor we; proposed, never told (M02)."""
    inbound = mail.inbound
    if inbound.machine or inbound.authentication == Authentication.FAIL:
        return []
    people = {person.external_id: person for person in [*inbound.to, *inbound.cc]}
    if inbound.author:
        people.pop(inbound.author.external_id, None)
    strangers = [person for address, person in people.items() if address not in mail.ours]
    return [_contact(person) for person in strangers] if len(strangers) <= _MOST_OTHERS else []


def _routed(mail: _Mail, verdict: Verdict) -> Verdict:
    """Note by which id the message is known; an id seen before with other content is flagged."""
    if verdict.message is None:
        return verdict
    routes = MessageRoute.objects.filter(channel=mail.channel, remote_id=mail.inbound.remote_id)
    is_repeated = routes.exists()
    MessageRoute.objects.create(
        message=verdict.message,
        channel=mail.channel,
        remote_id=mail.inbound.remote_id,
        sha256=mail.inbound.sha256,
    )
    return replace(verdict, reason="repeated_id") if is_repeated else verdict
