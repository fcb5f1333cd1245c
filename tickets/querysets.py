"""Reads. `visible_to` is the one door: every ticket, message, annotation, event and attachment
that anybody is shown came through it (security.md, section 0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from tickets.states import LIVE_STATUSES, Audience

if TYPE_CHECKING:
    from tickets.models import Annotation, Attachment, Contact, Event, Message, Ticket  # noqa: F401
    from tickets.scope import Scope


def _staff_sees(scope: Scope, *, prefix: str = "") -> Q:
    """Tickets of the queues a member of staff may read, and their own where that is all."""
    seen = Q(**{f"{prefix}queue_id__in": scope.read})
    if scope.own and scope.user:
        seen |= Q(
            **{
                f"{prefix}queue_id__in": scope.own,
                f"{prefix}assignee_id": scope.user.pk,
            }
        )
    return seen


def _customer_owns(scope: Scope, *, prefix: str = "") -> Q:
    """Tickets a customer sees from the first message on: their own, and the organisation's
    unless the queue is confidential or the author keeps the ticket private (S4.15)."""
    contact_id = scope.contact.pk if scope.contact else None
    seen = Q(**{f"{prefix}requester_id": contact_id})
    if scope.member_of:
        seen |= Q(
            **{
                f"{prefix}organisation_id__in": scope.member_of,
                f"{prefix}is_private": False,
                f"{prefix}queue__is_confidential": False,
            }
        )
    return seen


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets."""

    def visible_to(self, scope: Scope) -> Self:
        """Only what this scope may see; unknown and forbidden then look alike.

        What lies in the trash or the spam, only staff see, by its number.
        """
        if scope.is_system:
            return self
        if scope.link_ticket is not None:
            return self.on_desk().filter(pk=scope.link_ticket)
        if scope.is_staff:
            return self.filter(_staff_sees(scope))
        if scope.contact:
            return self.on_desk().filter(_customer_owns(scope) | self._taking_part(scope))
        return self.none()

    def _taking_part(self, scope: Scope) -> Q:
        through = self.model._meta.get_field("participants").related_model
        mine = through._default_manager.filter(
            ticket=OuterRef("pk"), contact=scope.contact, confirmed_at__isnull=False
        )
        return Q(Exists(mine))

    def live(self) -> Self:
        """Tickets that still need somebody."""
        return self.on_desk().filter(status__in=[s.value for s in LIVE_STATUSES])

    def on_desk(self) -> Self:
        """Tickets that are neither in the trash nor spam: these alone are listed and counted."""
        return self.filter(aside="")

    def for_inbox(self) -> Self:
        """With what a row of the list shows."""
        return self.select_related("queue", "organisation", "requester", "assignee", "product")

    def for_detail(self) -> Self:
        """With what the head and the panel of a ticket show."""
        return self.for_inbox().select_related("team", "reason", "requester__user")


class ContactQuerySet(models.QuerySet["Contact"]):
    """People who write to us or are written to."""

    def visible_to(self, scope: Scope) -> Self:
        """Whom staff meet on the tickets they see, and whoever belongs to those organisations.

        So that looking up an address never tells who writes to a queue one cannot read (C01).
        """
        if not (scope.is_staff or scope.is_system):
            return self.none()
        model = self.model._meta.get_field("requests").related_model
        tickets = cast("TicketQuerySet", model._default_manager.all()).visible_to(scope)
        return self.filter(
            Exists(tickets.filter(requester=OuterRef("pk")))
            | Exists(tickets.filter(participants__contact=OuterRef("pk")))
            | Exists(tickets.filter(organisation__memberships__contact=OuterRef("pk")))
            | Exists(tickets.filter(side_conversations__parties__contact=OuterRef("pk")))
        )

    def named(self, words: str) -> Self:
        """Those whose name or address has these words in it, in any case."""
        by_address = Q(identities__external_id__icontains=words)
        return self.filter(Q(name__icontains=words) | by_address).distinct()


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages."""

    def visible_to(self, scope: Scope) -> Self:
        """Messages of visible tickets; who joined later sees what came after (M02).

        Staff may have shared what came before with them (`Participant.sees_all`).
        """
        if scope.is_system:
            return self
        if scope.is_staff:
            return self.filter(_staff_sees(scope, prefix="ticket__"))
        # What is said beside the customer, no customer sees, nor does the third party.
        return self.in_public()._seen_outside(scope)

    def in_public(self) -> Self:
        """What the customer's side and staff said to one another; no side conversation."""
        return self.filter(side=None)

    def _seen_outside(self, scope: Scope) -> Self:
        if scope.link_ticket is not None:
            return self.filter(ticket_id=scope.link_ticket, ticket__aside="")
        if scope.contact:
            shared = Q(ticket__participants__added_at__lte=F("occurred_at")) | Q(
                ticket__participants__sees_all=True
            )
            since_joining = shared & Q(
                ticket__participants__contact=scope.contact,
                ticket__participants__confirmed_at__isnull=False,
            )
            owned = _customer_owns(scope, prefix="ticket__")
            seen = self.filter(owned | since_joining, ticket__aside="")
            return self.filter(pk__in=seen.values("pk"))
        return self.none()

    def for_timeline(self) -> Self:
        """In order, with what a message card shows."""
        return self.select_related("author").prefetch_related("attachments")


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    """Annotations: no rule below ever gives one to a customer."""

    def visible_to(self, scope: Scope) -> Self:
        """Annotations of the tickets a member of staff sees; nothing for anybody else (S2.3)."""
        if scope.is_system:
            return self
        if scope.is_staff:
            return self.filter(_staff_sees(scope, prefix="ticket__"))
        return self.none()

    def for_timeline(self) -> Self:
        """In order, with what an annotation card shows."""
        return self.select_related("author").prefetch_related("attachments", "mentions__user")


class EventQuerySet(models.QuerySet["Event"]):
    """Events."""

    def visible_to(self, scope: Scope) -> Self:
        """Events of visible tickets, and only those meant for the reader's audience."""
        if scope.is_system:
            return self
        if scope.is_staff:
            audiences = [Audience.PUBLIC, Audience.STAFF]
            if scope.in_security_team:
                audiences.append(Audience.SECURITY)
            return self.filter(_staff_sees(scope, prefix="ticket__"), audience__in=audiences)
        public = self.filter(audience=Audience.PUBLIC, ticket__aside="")
        if scope.link_ticket is not None:
            return public.filter(ticket_id=scope.link_ticket)
        if scope.contact:
            return public.filter(_customer_owns(scope, prefix="ticket__"))
        return self.none()

    def for_timeline(self) -> Self:
        """In order, with the actor's name."""
        return self.select_related("user", "contact")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Attachments."""

    def visible_to(self, scope: Scope) -> Self:
        """Files on what the reader sees; staff see those of drafts and annotations too."""
        if scope.is_system:
            return self
        if scope.is_staff:
            return self.filter(_staff_sees(scope, prefix="ticket__"))
        messages = cast(
            "MessageQuerySet",
            self.model._meta.get_field("message").related_model._default_manager.all(),
        )
        return self.filter(message__in=messages.visible_to(scope), annotation=None)
