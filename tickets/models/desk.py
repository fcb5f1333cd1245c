"""What is on a colleague's desk and not yet part of the conversation."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.side import SideConversation
from tickets.models.ticket import Ticket
from tickets.states import Status, Turn


class DraftKind(models.TextChoices):
    """Each a form and a draft of its own: what is typed in one can never leave by another."""

    REPLY = "reply", _("Reply")
    ANNOTATION = "annotation", _("Annotation")
    FORWARD = "forward", _("To a third party")


class DraftState(models.TextChoices):
    """`sending` is the undo window: frozen, but no message exists yet."""

    DRAFT = "draft", _("Draft")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")


class Draft(models.Model):
    """Text somebody is writing on a ticket, kept by the server.

    In state `sending` its recipients, attachments and text are frozen until `release_at`; then
    `actions.reply.release` makes the message, or undo brings it back.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=12, choices=DraftKind.choices)
    # The side conversation it goes on with; a forward without one begins its own.
    side = models.ForeignKey(
        SideConversation,
        on_delete=models.CASCADE,
        related_name="drafts",
        null=True,
        blank=True,
    )
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    body = models.TextField(_("text"), blank=True)
    state = models.CharField(max_length=8, choices=DraftState.choices, default=DraftState.DRAFT)
    # Names and addresses, frozen when the reply was submitted (`tickets.recipients`).
    to = models.JSONField(default=list, blank=True)
    cc = models.JSONField(default=list, blank=True)
    # What else its form holds, as it stands there: chosen recipients, typed addresses.
    form = models.JSONField(default=dict, blank=True)
    set_status = models.CharField(max_length=24, choices=Status.choices, blank=True)
    set_turn = models.CharField(max_length=16, choices=Turn.choices, blank=True)
    # The newest public event by others its author had on the page (S2.4).
    last_seen_event = models.BigIntegerField(null=True, blank=True)
    # The form's own key: the same form posted twice is one reply.
    idempotency_key = models.UUIDField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    release_at = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(
        "tickets.Message",
        on_delete=models.PROTECT,
        related_name="draft",
        null=True,
        blank=True,
    )
    # Why the last attempt to send was given back to its author, as a code.
    held_because = models.CharField(max_length=32, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # One draft of each kind per person and ticket, and for each side conversation; what is
            # on its way does not count.
            models.UniqueConstraint(
                fields=["ticket", "kind", "author", "side"],
                condition=Q(state="draft"),
                nulls_distinct=False,
                name="draft_once",
            ),
            models.UniqueConstraint(fields=["author", "idempotency_key"], name="draft_of_key_once"),
        ]
        indexes = [
            # The sweep that releases what the undo window has let go.
            models.Index(
                fields=["release_at"],
                condition=Q(state="sending"),
                name="draft_to_release",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.ticket_id} {self.author}"
