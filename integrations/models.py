"""What connects us to the world, what came in as it came, and what has to go out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.models import Contact, Message, Queue, Ticket


class Channel(models.Model):
    """One configured connection: this mailbox, this Discord server …

    `kind` has no choices on purpose: the registry knows the kinds, and a new one costs no
    migration. Secrets are sealed (`tickets.crypto`).
    """

    kind = models.CharField(_("kind"), max_length=16)
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("short name"), unique=True)
    queue = models.ForeignKey(
        Queue, on_delete=models.PROTECT, related_name="channels", verbose_name=_("queue")
    )
    config = models.JSONField(_("settings"), default=dict, blank=True)
    sealed_key = models.BinaryField(default=b"", blank=True)
    sealed_secrets = models.BinaryField(default=b"", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    last_ok_at = models.DateTimeField(_("last success"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ChannelAddress(models.Model):
    """An email address that belongs to a channel; the door accepts mail for these alone."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="addresses")
    address = models.EmailField(
        _("address"), max_length=320, unique=True, help_text=_("Kept in lower case.")
    )
    is_primary = models.BooleanField(
        _("answers come from it"), default=False, help_text=_("One for each channel.")
    )

    class Meta:
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(is_primary=True), name="address_one_primary"
            ),
        ]

    def __str__(self) -> str:
        return self.address


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
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.source_key} {self.state}"


class MessageRoute(models.Model):
    """By which id the outside knows a message of ours or theirs (an email's Message-ID)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="routes")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="routes")
    remote_id = models.CharField(max_length=998)
    # Of the bytes under that id: the same id with another body is a second message, flagged.
    sha256 = models.BinaryField(max_length=32, default=b"", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "remote_id", "sha256"], name="route_once"),
        ]
        indexes = [
            # Threading: the message that an In-Reply-To names.
            models.Index(fields=["remote_id"], name="route_by_remote_id"),
        ]

    def __str__(self) -> str:
        return self.remote_id


class DeliveryKind(models.TextChoices):
    """Why something is sent."""

    REPLY = "reply", _("Reply")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    NOTIFICATION = "notification", _("Notification")
    ACCOUNT = "account", _("Sign-in and account")


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
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name_plural = _("deliveries")
        indexes = [
            # The sweep and the senders: what is due.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="delivery_due",
            ),
            # How often an address was acknowledged of late (security.md M08).
            models.Index(
                fields=["address", "created_at"],
                condition=Q(kind="acknowledgement"),
                name="delivery_acknowledged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.address} {self.state}"
