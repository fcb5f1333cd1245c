"""What was said and what happened: the append-only spine of a ticket.

Messages and events are never changed: a database trigger (see the migration) lets only a
transaction pass that declares itself a redaction.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.models.annotation import Annotation
from tickets.models.people import Contact, User
from tickets.models.side import SideConversation
from tickets.models.ticket import Ticket
from tickets.querysets import AttachmentQuerySet, EventQuerySet, MessageQuerySet
from tickets.states import Audience, Authority, IdentityKind


class BodyFormat(models.TextChoices):
    """How the canonical text of a message is to be read."""

    MARKDOWN = "markdown", "Markdown"
    PLAIN = "plain", _("Plain text")


class Via(models.TextChoices):
    """The door a message came through or left by."""

    EMAIL = IdentityKind.EMAIL.value, _("Email")
    DISCORD = IdentityKind.DISCORD.value, _("Discord")
    MATRIX = IdentityKind.MATRIX.value, _("Matrix")
    GITHUB = IdentityKind.GITHUB.value, _("GitHub")
    WEB = "web", _("Web")
    API = "api", "API"


class Message(models.Model):
    """What was said, in or out: in public, or to and by a third party (`side`)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    # Set: said in a side conversation, for staff alone. None: said in public.
    side = models.ForeignKey(
        SideConversation,
        on_delete=models.PROTECT,
        related_name="messages",
        null=True,
        blank=True,
    )
    author = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    by_staff = models.BooleanField(_("by staff"))
    is_automatic = models.BooleanField(_("written by a program"), default=False)
    via = models.CharField(_("via"), max_length=16, choices=Via.choices)
    authority = models.CharField(
        max_length=12, choices=Authority.choices, default=Authority.VERIFIED
    )
    format = models.CharField(max_length=12, choices=BodyFormat.choices)
    body = models.TextField(_("text"), help_text=_("The new text alone, as typed or as read."))
    quoted = models.TextField(
        _("quoted text"),
        blank=True,
        help_text=_("Earlier conversation, folded but kept."),
    )
    # As received, never as shown: pages clean it at each rendering (security.md R01).
    html = models.TextField(blank=True)
    # Whom it was sent to, frozen when it left: [{"name": …, "address": …}].
    to = models.JSONField(default=list, blank=True)
    cc = models.JSONField(default=list, blank=True)
    # Files of other messages that went along with this one.
    enclosures = models.ManyToManyField(
        "tickets.Attachment", related_name="enclosed_in", blank=True
    )
    occurred_at = models.DateTimeField(_("written"))
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now())

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            # The timeline of a ticket, in order.
            models.Index(fields=["ticket", "occurred_at", "id"], name="message_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.author}: {self.body[:60]}"


class Event(models.Model):
    """What happened: kind, actor, data. Text is made when it is shown, never stored.

    Followers read `id > last` only up to `pg_snapshot_xmin(pg_current_snapshot())` of `txid`,
    or they lose rows of transactions that commit late.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="events", null=True, blank=True
    )
    kind = models.CharField(max_length=48)
    audience = models.CharField(max_length=8, choices=Audience.choices)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="events", null=True, blank=True
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="events", null=True, blank=True
    )
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, related_name="event", null=True, blank=True
    )
    annotation = models.OneToOneField(
        Annotation,
        on_delete=models.PROTECT,
        related_name="event",
        null=True,
        blank=True,
    )
    data = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            # The timeline of a ticket, in order.
            models.Index(fields=["ticket", "occurred_at", "id"], name="event_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.ticket_id}"


class Attachment(models.Model):
    """A file on a message, an annotation or a draft; its name on disk is ours (S2, R05)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="attachments")
    message = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        related_name="attachments",
        null=True,
        blank=True,
    )
    annotation = models.ForeignKey(
        Annotation,
        on_delete=models.PROTECT,
        related_name="attachments",
        null=True,
        blank=True,
    )
    draft = models.ForeignKey(
        "tickets.Draft",
        on_delete=models.SET_NULL,
        related_name="attachments",
        null=True,
        blank=True,
    )
    name = models.CharField(_("name"), max_length=255)
    content_type = models.CharField(_("type"), max_length=100)
    content_id = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.BinaryField(max_length=32)
    storage_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(message=None) | Q(annotation=None),
                name="attachment_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name
