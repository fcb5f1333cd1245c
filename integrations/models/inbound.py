"""What came in as it came, and under which id a message is known outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from integrations.models.channels import Channel
from integrations.querysets import InboundQuerySet
from tickets.models import Message, Ticket
from tickets.states import Aside


class InboundState(models.TextChoices):
    """Where a received original stands (security.md B1); all but `new` are final."""

    NEW = "new", _("Waiting to be read")
    DONE = "done", _("On a ticket")
    DUPLICATE = "duplicate", _("Had it already")
    SUPPRESSED = "suppressed", _("Needs no answer")
    HELD = "held", _("Held for staff")
    DEAD = "dead", _("Could not be read")


class RawInbound(models.Model):
    """The bytes as received, sealed and committed before the sender is told 250.

    Small originals stand in the row, larger ones in storage under `storage_key`, sealed alike.
    Deleting `sealed_key` destroys the original; `sha256` of the plain bytes stays.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="inbound", null=True, blank=True
    )
    source = models.CharField(max_length=16)
    source_key = models.CharField(max_length=255)
    envelope = models.JSONField(default=dict, blank=True)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sealed_key = models.BinaryField(default=b"")
    sealed_data = models.BinaryField(default=b"", blank=True)
    storage_key = models.UUIDField(null=True, blank=True, unique=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    state = models.CharField(
        _("state"), max_length=12, choices=InboundState.choices, default=InboundState.NEW
    )
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="inbound", null=True, blank=True
    )
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, related_name="original", null=True, blank=True
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    # What staff are shown of an original that became no message; empty while it may become one.
    sender = models.CharField(_("from"), max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    # Staff looked at it and want nothing of it; it can come back until it is destroyed.
    aside = models.CharField(_("put aside"), max_length=8, choices=Aside.choices, blank=True)
    aside_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InboundQuerySet] = InboundQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            # The same delivery handed in twice is one original (security.md B1.2).
            models.UniqueConstraint(fields=["source", "source_key"], name="inbound_once"),
        ]
        indexes = [
            # The sweep that finds originals nobody has read.
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="new"), name="inbound_to_read"
            ),
            # What waits for staff, newest first, and its count in the navigation.
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(state__in=["held", "dead"], aside=""),
                name="inbound_waits_for_staff",
            ),
            # What needed no ticket, newest first: blocked senders, automatic replies …
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(state="suppressed", aside=""),
                name="inbound_suppressed",
            ),
            # The trash, and what in it is old enough to be destroyed.
            models.Index(fields=["aside_at"], condition=~Q(aside=""), name="inbound_aside"),
            # The same bytes in a folder that is read a second time.
            models.Index(fields=["channel", "sha256"], name="inbound_by_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.source_key} {self.state}"


class MessageRouteQuerySet(models.QuerySet["MessageRoute"]):
    """Routes by what the outside calls them."""

    def known_as(self, names: Iterable[str]) -> MessageRouteQuerySet:
        """Those under one of the ids, in whatever case: some servers change it on the way."""
        lowered = {name.lower() for name in names}
        return self.annotate(known_as=Lower("remote_id")).filter(known_as__in=lowered)


class MessageRoute(models.Model):
    """By which id the outside knows a message of ours or theirs (an email's Message-ID)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="routes")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="routes")
    remote_id = models.CharField(max_length=998)
    # Of the bytes under that id: the same id with another body is a second message, flagged.
    sha256 = models.BinaryField(max_length=32, default=b"", blank=True)

    objects: ClassVar[MessageRouteQuerySet] = MessageRouteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "remote_id", "sha256"], name="route_once"),
        ]
        indexes = [
            # Threading: the message that an In-Reply-To names, in whatever case.
            models.Index(Lower("remote_id"), name="route_by_id_any_case"),
        ]

    def __str__(self) -> str:
        return self.remote_id
