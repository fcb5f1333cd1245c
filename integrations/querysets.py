"""Reads of originals and deliveries: only what the reader may see comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, Q

if TYPE_CHECKING:
    from integrations.models import Delivery, RawInbound  # noqa: F401
    from tickets.scope import Scope


def may_configure(scope: Scope) -> Exists:
    """Whether the reader configures channels, asked by the database in the same query."""
    assert scope.user
    users = get_user_model()._default_manager.filter(pk=scope.user.pk, is_active=True)
    right = Q(
        groups__permissions__codename="change_channel",
        groups__permissions__content_type__app_label="integrations",
    )
    return Exists(users.filter(right | Q(is_superuser=True)))


class InboundQuerySet(models.QuerySet["RawInbound"]):
    """Originals."""

    def visible_to(self, scope: Scope) -> Self:
        """What came by channels whose queue the reader works in: nobody else's mail, whatever it
        says. Once it is on a ticket, that ticket's queue decides as well. What came by no channel
        is for those who configure them.
        """
        if scope.is_system:
            return self
        if not scope.is_staff or scope.user is None:
            return self.none()
        of_nobody = Q(channel=None) & Q(may_configure(scope))
        on_no_ticket = Q(state__in=["new", "held", "dead", "suppressed"])
        theirs = on_no_ticket | Q(ticket__queue_id__in=scope.work)
        return self.filter(Q(channel__queue_id__in=scope.work) & theirs | of_nobody & on_no_ticket)

    def waiting(self) -> Self:
        """What staff have to decide about: held, or given up after the last attempt."""
        return self.filter(state__in=["held", "dead"], aside="")

    def suppressed(self) -> Self:
        """What needed no ticket: blocked senders, automatic replies, bounces, receipts."""
        return self.filter(state="suppressed", aside="")

    def put_aside(self) -> Self:
        """What staff discarded or called spam, as long as it can come back."""
        return self.exclude(aside="").exclude(sealed_key=b"")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries."""

    def workable_by(self, scope: Scope) -> Self:
        """Those on tickets the reader works on; mails about accounts, which are on none, are for
        those who configure the product.
        """
        if scope.is_system:
            return self
        if not scope.is_staff or scope.user is None:
            return self.none()
        seen = Q(ticket__queue_id__in=scope.work)
        seen |= Q(ticket__queue_id__in=scope.own, ticket__assignee=scope.user)
        of_nobody = Q(ticket=None) & Q(may_configure(scope))
        return self.filter(seen | of_nobody)

    def undelivered(self) -> Self:
        """What was given up and nobody has dealt with; of tickets in the trash nobody needs to."""
        on_desk = Q(ticket=None) | Q(ticket__aside="")
        return self.filter(on_desk, state="failed", dismissed_at=None)
