"""One ticket: head, conversation, panel, and the two forms at its foot."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import quote

from django.db.models import Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from helpdesk.http import StaffRequest, staff_page, ticket_or_404
from helpdesk.staff import forwarding, timeline
from helpdesk.staff.back import number_in, page_of
from helpdesk.staff.composer import Composers, Leaving
from tickets import rendering
from tickets.actions.trash import gone_at
from tickets.events import EventKind
from tickets.inbox import Cursor, with_labels
from tickets.models import Draft, Identity, Message, Participant, Ticket, TicketLink
from tickets.permissions import can_work, leads_in_words
from tickets.states import STATUSES, IdentityKind, Kind, Priority, Status, Turn

OTHERS = 5


@require_safe
@staff_page
def ticket(request: StaffRequest, number: int) -> HttpResponse:
    """The page of a ticket."""
    try:
        context = ticket_context(request, number)
    except Http404:
        return _gone_or_404(request, number)
    return render(request, "staff/ticket/detail.html", context)


def _gone_or_404(request: StaffRequest, number: int) -> HttpResponse:
    """That a ticket was deleted for good, for who could have seen it."""
    seen = Ticket.objects.visible_to(request.scope).filter(pk=number, purged_at__isnull=False)
    if (found := seen.first()) is None:
        raise Http404
    event = found.events.filter(kind=EventKind.TICKET_PURGED).select_related("user").first()
    context = {"ticket": found, "by": event.user if event else None}
    return render(request, "staff/trash/gone.html", context)


@require_safe
@staff_page
def original(request: StaffRequest, number: int, pk: int) -> HttpResponse:
    """One message with everything in it: layout as received and what it quoted."""
    messages = Message.objects.visible_to(request.scope).select_related("author", "ticket")
    message = messages.filter(pk=pk, ticket=number).first()
    if message is None:
        raise Http404
    body = (
        rendering.clean_html(message.html, pictures=timeline.pictures_of(message.attachments.all()))
        if message.html
        else rendering.message_html(message)
    )
    quoted = "" if message.html else rendering.plain_html(message.quoted)
    context = {"message": message, "ticket": message.ticket, "body": body, "quoted": quoted}
    return render(request, "staff/ticket/original.html", context)


def ticket_context(
    request: StaffRequest, number: int, *, composers: Composers | None = None
) -> dict[str, Any]:
    """What the ticket's templates need; `composers` holds refused forms, to be shown again.

    Raises Http404 for an unknown and a forbidden ticket alike.
    """
    found = ticket_or_404(request, number, with_labels(Ticket.objects.for_detail()))
    before = Cursor.parse(request.GET.get("earlier"))
    conversation = timeline.read(found, request.scope, before=before)
    joined = found.participants.filter(refused_at=None).select_related("contact")
    people = list(joined.order_by("added_at", "pk"))
    addresses = _addresses(found, people)
    may_work = can_work(request.scope, found)
    works = may_work and not found.aside
    drafts = list(
        Draft.objects.filter(ticket=found, state__in=["draft", "sending"])
        .select_related("author")
        .prefetch_related("attachments")
        .order_by("submitted_at", "pk")
    )
    composers = composers or Composers()
    beside = found.side_conversations.annotate(newest=Max("messages__event"))
    sides = list(beside.prefetch_related("parties__contact"))
    if works:
        named = number_in(request.POST.get("side", "") or request.GET.get("side", ""))
        composers.offered.side = next((side for side in sides if side.pk == named), None)
        composers.complete(
            found,
            drafts,
            by=request.user,
            people=people,
            addresses=addresses,
            newest=conversation.newest_event,
        )
        start = number_in(request.GET.get("forward", ""))
        composers.offered = forwarding.offered(
            found,
            side=composers.offered.side,
            form=composers.forward.form or {},
            entries=conversation.entries,
            start=start,
            newest=conversation.newest_event,
        )
        composers.forward.is_open |= bool(start or composers.offered.side)
    return {
        "ticket": found,
        "timeline": conversation,
        "sending": [Leaving(draft, request.user) for draft in drafts if draft.state == "sending"],
        "composers": composers,
        "works": works,
        "cannot_work": "" if may_work else _cannot_work(found),
        "can_restore": may_work,
        "can_purge": found.queue_id in request.scope.lead,
        "gone_at": gone_at(found),
        "participants": [(person, addresses[person.contact_id]) for person in people],
        "addresses": addresses[found.requester_id],
        "sides": sides,
        "others": _others(request, found),
        "links": _links(request, found),
        "moves": _moves(found),
        "turns": [turn for turn in Turn if turn not in {found.turn, Turn.NOBODY}],
        "kinds": [kind for kind in Kind if kind != found.kind],
        "priorities": [priority for priority in Priority if priority != found.priority],
        "here": (here := _here(request, found)),
        "here_quoted": quote(here),
    }


def _cannot_work(found: Ticket) -> str:
    return _("You can read %(queue)s but not reply here. Its leads: %(leads)s.") % {
        "queue": found.queue.name,
        "leads": leads_in_words(found.queue_id),
    }


def _addresses(found: Ticket, people: list[Participant]) -> dict[int, list[Identity]]:
    """Every address of the people on the ticket, email first; one query."""
    contacts = [found.requester_id, *(person.contact_id for person in people)]
    addresses: defaultdict[int, list[Identity]] = defaultdict(list)
    for identity in Identity.objects.filter(contact__in=contacts).order_by("pk"):
        place = 0 if identity.kind == IdentityKind.EMAIL else len(addresses[identity.contact_id])
        addresses[identity.contact_id].insert(place, identity)
    return addresses


def _others(request: StaffRequest, found: Ticket) -> list[Ticket]:
    """The newest other tickets of the requester that the reader may see."""
    visible = Ticket.objects.visible_to(request.scope).on_desk()
    theirs = visible.filter(requester=found.requester_id)
    return list(theirs.exclude(pk=found.pk).order_by("-created_at")[:OTHERS])


def _links(request: StaffRequest, found: Ticket) -> list[TicketLink]:
    """Links to tickets the reader may see, either way round."""
    visible = Ticket.objects.visible_to(request.scope).values("pk")
    links = TicketLink.objects.filter(
        Q(source=found, target__in=visible) | Q(target=found, source__in=visible)
    )
    return list(links.select_related("source", "target").order_by("pk"))


def _moves(found: Ticket) -> list[Status]:
    allowed = STATUSES[Status(found.status)].moves
    return [status for status in Status if status in allowed]


def _here(request: StaffRequest, found: Ticket) -> str:
    """The page to come back to after a form; a refused form stands at its own address."""
    if request.method == "POST":
        return page_of(request, found)
    return request.get_full_path()
