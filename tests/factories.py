"""Nouns for tests. Where truth matters they are made by the actions, so their events exist."""

from datetime import datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from tickets import clock, models
from tickets.actions import _seen, forward
from tickets.actions.open import Request, open_ticket
from tickets.actions.receive import receive
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.content import Content
from tickets.permissions import SYSTEM, scope_of
from tickets.states import IdentityKind, Level, Status, Tier

INSTANTLY = timedelta(0)


class ContactFactory(DjangoModelFactory):
    """A person with a proven email address, or without any: `email=False`."""

    class Meta:
        model = models.Contact
        skip_postgeneration_save = True

    name = factory.Faker("name")

    @factory.post_generation
    def email(self, create, given, **kwargs):
        if given is False:
            return
        models.Identity.objects.create(
            contact=self,
            kind=IdentityKind.EMAIL,
            external_id=given or f"contact{self.pk}@customer.example",
            verified_at=clock.now(),
        )


class UserFactory(DjangoModelFactory):
    """Somebody who can sign in, a customer unless `is_staff`."""

    class Meta:
        model = models.User

    email = factory.Sequence("user{}@login.example".format)
    name = factory.Faker("name")


class StaffFactory(UserFactory):
    """A member of staff without any queue."""

    email = factory.Sequence("staff{}@desk.example".format)
    is_staff = True


class QueueFactory(DjangoModelFactory):
    """A paid queue."""

    class Meta:
        model = models.Queue

    name = factory.Sequence("Queue {}".format)
    slug = factory.Sequence("queue-{}".format)
    tier = Tier.PAID


class TeamFactory(DjangoModelFactory):
    """A team; `give(…)` adds people and queues."""

    class Meta:
        model = models.Team

    name = factory.Sequence("Team {}".format)


class OrganisationFactory(DjangoModelFactory):
    """A customer company."""

    class Meta:
        model = models.Organisation

    name = factory.Sequence("Organisation {}".format)


class ProductFactory(DjangoModelFactory):
    """What a ticket can be about."""

    class Meta:
        model = models.Product

    name = factory.Sequence("Product {}".format)
    slug = factory.Sequence("product-{}".format)


class LabelFactory(DjangoModelFactory):
    """A word to sort by."""

    class Meta:
        model = models.Label

    name = factory.Sequence("label {}".format)


class StatusReasonFactory(DjangoModelFactory):
    """Why a ticket was abandoned."""

    class Meta:
        model = models.StatusReason

    status = Status.ABANDONED
    text = factory.Sequence("Reason {}".format)


def give(user: models.User, queue: models.Queue, level: Level, *, security=False) -> models.Team:
    """Put the user into a new team with this level in the queue."""
    team = TeamFactory(is_security=security)
    models.TeamMembership.objects.create(team=team, user=user)
    models.Access.objects.create(team=team, queue=queue, level=level)
    return team


def make_agent(queue: models.Queue, level: Level = Level.WORK, **fields) -> models.User:
    """A member of staff with this level in the queue."""
    user = StaffFactory(**fields)
    give(user, queue, level)
    return user


def make_member(organisation: models.Organisation, *, role="member") -> models.Contact:
    """A contact who belongs to the organisation."""
    contact = ContactFactory()
    models.Membership.objects.create(organisation=organisation, contact=contact, role=role)
    return contact


def make_ticket(
    *,
    queue: models.Queue | None = None,
    requester: models.Contact | None = None,
    subject: str = "Printer on fire",
    body: str = "It burns.",
    at: datetime | None = None,
    files=(),
    **request,
) -> models.Ticket:
    """A ticket as a customer's mail opens it."""
    request.setdefault("via", models.Via.EMAIL)
    asked = Request(
        queue=queue or QueueFactory(),
        requester=requester or ContactFactory(),
        subject=subject,
        **request,
    )
    content = Content(body=body, format=models.BodyFormat.PLAIN, files=files)
    return open_ticket(asked, by=SYSTEM, content=content, occurred_at=at).ticket


def make_message(
    ticket: models.Ticket,
    *,
    author: models.Contact | None = None,
    by: models.User | None = None,
    body: str = "And another thing.",
    at: datetime | None = None,
) -> models.Message:
    """A customer's next message (by the requester unless `author`), or staff's reply (`by`)."""
    if by:
        return _reply(ticket, by=by, body=body)
    return receive(
        ticket,
        by=SYSTEM,
        author=author or ticket.requester,
        content=Content(body=body, format=models.BodyFormat.PLAIN),
        via=models.Via.EMAIL,
        occurred_at=at,
    )


def _reply(ticket: models.Ticket, *, by: models.User, body: str) -> models.Message:
    reply = Reply(body=body, last_seen_event=newest_seen(ticket))
    draft = submit(ticket, reply, by=scope_of(by), window=INSTANTLY)
    message = release(draft.pk)
    assert message
    return message


def make_forward(
    ticket: models.Ticket,
    *,
    by: models.User,
    to: models.Contact | None = None,
    side: models.SideConversation | None = None,
    body: str = "Can you look into this?",
    **fields,
) -> models.Message:
    """What staff wrote to a third party; the first one begins a side conversation."""
    written = forward.Forward(
        body=body,
        subject=fields.pop("subject", "A case for you"),
        last_seen_event=_seen.newest(ticket, side=side),
        to=[to or (side.parties.first().contact if side else ContactFactory(name="Vera Vendor"))],
        **fields,
    )
    draft = forward.submit(ticket, written, by=scope_of(by), side=side, window=INSTANTLY)
    message = release(draft.pk)
    assert message
    return message


def make_side_answer(
    side: models.SideConversation, *, body: str = "We look.", files=(), at=None
) -> models.Message:
    """What the third party answered."""
    author = side.parties.first().contact
    content = Content(body=body, format=models.BodyFormat.PLAIN, files=files)
    return forward.receive(
        side, by=SYSTEM, author=author, content=content, via=models.Via.EMAIL, occurred_at=at
    )
