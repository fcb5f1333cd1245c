"""The table of who sees what: every principal against every kind of thing (S4.1, S4.15, C01)."""

import pytest

from tests.factories import (
    INSTANTLY,
    ContactFactory,
    QueueFactory,
    StaffFactory,
    give,
    make_member,
    make_message,
    make_side_answer,
    make_ticket,
)
from tests.roles import Role
from tickets import attachments
from tickets.actions import forward
from tickets.actions.annotate import annotate
from tickets.actions.assign import to_agent
from tickets.actions.participants import add
from tickets.actions.reply import newest_seen
from tickets.content import NewFile
from tickets.events import EventKind, record
from tickets.models import Annotation, Attachment, Event, Message, Ticket
from tickets.permissions import SYSTEM, Scope
from tickets.states import Audience, Level, Tier

QUEUE = {"own", "organisation", "private", "joined"}
ALL = QUEUE | {"confidential", "elsewhere"}

# Tickets each one sees, and that a customer sees with no annotation and no staff event.
SEES = {
    "agent": QUEUE,
    "lead": QUEUE,
    "reader": QUEUE,
    "own_only": {"organisation"},
    "colleague": {"elsewhere"},
    "security": {"confidential"},
    "admin": set(),
    "superuser": set(),
    "customer": {"own"},
    "member": {"organisation"},
    "manager": {"organisation"},
    "author": {"organisation", "private", "confidential"},
    "guest": {"joined"},
    "outsider": set(),
    "third_party": set(),
    "anonymous": set(),
    "link_holder": {"own"},
    "system": ALL,
}
STAFF = {"agent", "lead", "reader", "own_only", "colleague", "security", "system"}
FILE = NewFile(name="a.txt", content_type="text/plain", data=b"a")


@pytest.fixture
def confidential(db):
    return QueueFactory(slug="security", tier=Tier.SECURITY, is_confidential=True)


@pytest.fixture
def security(confidential):
    user = StaffFactory()
    give(user, confidential, Level.WORK, security=True)
    return Role(user=user)


@pytest.fixture
def superuser(db):
    return Role(user=StaffFactory(is_superuser=True))


@pytest.fixture
def author(organisation):
    return Role(contact=make_member(organisation))


@pytest.fixture
def guest(db):
    return Role(contact=ContactFactory())


@pytest.fixture
def third_party(db):
    """Somebody outside who was written to beside every ticket, and answered."""
    return Role(contact=ContactFactory(name="Vera Vendor"))


@pytest.fixture
def world(request, clock):
    """One ticket of each kind, each with a message, a file, an annotation, a staff event, and a
    side conversation with an answer and a file of its own."""

    def role(name):
        return request.getfixturevalue(name)

    queue, lead = role("queue"), role("lead")
    by_author = {"queue": queue, "requester": role("author").contact, "files": [FILE]}
    tickets = {
        "own": make_ticket(queue=queue, requester=role("customer").contact, files=[FILE]),
        "organisation": make_ticket(**by_author),
        "private": make_ticket(**by_author, is_private=True),
        "confidential": make_ticket(**by_author | {"queue": role("confidential")}),
        "elsewhere": make_ticket(queue=role("other_queue"), files=[FILE]),
        "joined": make_ticket(queue=queue, files=[FILE]),
    }
    to_agent(tickets["organisation"], role("own_only").user, by=lead.scope)
    for ticket in tickets.values():
        _annotated(ticket, by=lead.user)
        _beside(ticket, by=lead.user, to=role("third_party").contact)
    clock.advance(minutes=1)
    add(tickets["joined"], role("guest").contact, by=lead.scope)
    return {ticket.pk: name for name, ticket in tickets.items()}


def _annotated(ticket, *, by):
    annotation = annotate(ticket, "Secret", by=Scope(user=by, is_staff=True, is_system=True))
    attachments.store(FILE, ticket=ticket, annotation=annotation)
    record(EventKind.TICKET_LINKED, by=SYSTEM, ticket=ticket)
    record(EventKind.ACCESS_CHANGED, by=SYSTEM, ticket=ticket, audience=Audience.SECURITY)


def _beside(ticket, *, by, to):
    everywhere = Scope(user=by, is_staff=True, is_system=True)
    kept = ticket.attachments.filter(annotation=None).values_list("pk", flat=True)
    written = forward.Forward(
        body="Beside", subject="x", last_seen_event=newest_seen(ticket), to=[to], files=list(kept)
    )
    draft = forward.submit(ticket, written, by=everywhere, window=INSTANTLY)
    side = forward.send(draft, ticket, by=everywhere).side
    make_side_answer(side, files=[FILE])


@pytest.fixture
def scope(request, world):
    role = request.param
    if role == "system":
        return SYSTEM
    if role == "link_holder":
        (own,) = (pk for pk, name in world.items() if name == "own")
        return Scope(link_ticket=own)
    return request.getfixturevalue(role).scope


def _names(found, world, *, key="ticket_id"):
    return {world[pk] for pk in found.values_list(key, flat=True)}


@pytest.mark.promise("S2.3", "S4.1", "S4.15", "B8")
@pytest.mark.parametrize(
    ("scope", "role", "sees"),
    [(role, role, sees) for role, sees in SEES.items()],
    indirect=["scope"],
    ids=SEES,
)
def test_each_sees_this_and_nothing_else(world, scope, role, sees):
    # Who joined later does not see what was said before; what staff say is for staff.
    said = sees - {"joined"} if role == "guest" else sees
    inside = sees if role in STAFF else set()
    files, events, messages = (
        Attachment.objects.all().visible_to(scope),
        Event.objects.all().visible_to(scope),
        Message.objects.all().visible_to(scope),
    )
    found = {
        "tickets": _names(Ticket.objects.all().visible_to(scope), world, key="pk"),
        "messages": _names(messages.filter(side=None), world),
        "files of messages": _names(files.filter(annotation=None, message__side=None), world),
        "beside": _names(messages.exclude(side=None), world),
        "files beside": _names(files.exclude(message__side=None), world),
        "events beside": _names(events.exclude(message__side=None), world),
        "public events": _names(events.filter(audience=Audience.PUBLIC), world),
        "annotations": _names(Annotation.objects.all().visible_to(scope), world),
        "files of annotations": _names(files.exclude(annotation=None), world),
        "staff events": _names(events.filter(audience=Audience.STAFF), world),
        "security events": _names(events.filter(audience=Audience.SECURITY), world),
    }
    assert found == {
        "tickets": sees,
        "messages": said,
        "files of messages": said,
        "beside": inside,
        "files beside": inside,
        "events beside": inside,
        "public events": said,
        "annotations": inside,
        "files of annotations": inside,
        "staff events": inside,
        "security events": sees if role in {"security", "system"} else set(),
    }


@pytest.mark.promise("S4.15")
def test_a_reply_to_all_reaches_the_guest_too(world, guest, lead):
    (joined,) = (pk for pk, name in world.items() if name == "joined")
    reply = make_message(Ticket.objects.get(pk=joined), by=lead.user)
    assert list(Message.objects.all().visible_to(guest.scope)) == [reply]
    assert [copy["address"] for copy in reply.cc] == [guest.contact.identities.get().external_id]
