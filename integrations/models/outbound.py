"""What has to go out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.models.channels import Channel
from integrations.querysets import DeliveryQuerySet
from tickets.models import Contact, Message, Ticket


class DeliveryKind(models.TextChoices):
    """Why something is sent."""

    REPLY = "reply", _("Reply")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    NOTIFICATION = "notification", _("Notification")
    ACCOUNT = "account", _("Sign-in and account")
    TEST = "test", _("Test")


class DeliveryState(models.TextChoices):
    """Where a delivery stands; shown on the ticket, so it must be true (I7)."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")
    CANCELLED = "cancelled", _("Not sent")


class Delivery(models.Model):
    """One message to one destination: the outbox row, committed with what it carries.

    `inputs` are frozen (visible To and Cc, subject, Markdown, references, attachment ids with
    sha256); the sender renders them. `remote_id` (the Message-ID) never changes, also when sent
    again; its random part, `token`, proves in an answer that the writer got this copy.
    """

    kind = models.CharField(max_length=16, choices=DeliveryKind.choices)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    address = models.CharField(_("to"), max_length=320)
    remote_id = models.CharField(max_length=255, unique=True)
    token = models.CharField(max_length=64, unique=True)
    # What must not be sent twice: a second row with the same key is refused.
    once = models.CharField(max_length=120, unique=True)
    inputs = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    # The connection was cut between the text and the server's answer: it may have arrived, and
    # goes once more under the same Message-ID.
    possibly_sent_twice = models.BooleanField(default=False)
    response = models.TextField(_("server's answer"), blank=True)
    # From where the mail came that an automatic one answers (security.md M09).
    network = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    # Staff have seen that it failed and want nothing more of it.
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = _("deliveries")
        indexes = [
            # The sweep and the senders: what is due.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="delivery_due",
            ),
            # What was not delivered and waits for staff, newest first.
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(state="failed", dismissed_at=None),
                name="delivery_waits_for_staff",
            ),
            # How often an address was acknowledged of late (security.md M08).
            models.Index(
                fields=["address", "created_at"],
                condition=Q(kind="acknowledgement"),
                name="delivery_acknowledged",
            ),
            # How many of late, from one network and in one queue (security.md M09).
            models.Index(
                fields=["created_at"],
                condition=Q(kind="acknowledgement"),
                name="delivery_acknowledged_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.address} {self.state}"
