"""What a member of staff should know about, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket
from tickets.models.timeline import Event


class NoticeReason(models.TextChoices):
    """Why somebody is told; said on every notification."""

    ASSIGNED = "assigned", _("Assigned to you")
    MENTIONED = "mentioned", _("You were mentioned")
    ANSWERED = "answered", _("A customer answered on your ticket")
    THIRD_PARTY = "third_party", _("A third party answered on your ticket")
    WATCHING = "watching", _("You watch this ticket")
    NOT_SENT = "not_sent", _("Your reply was not sent")


class Notification(models.Model):
    """One thing to know; one row per person and ticket while unread, later ones collapse."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="notifications")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="notifications")
    reason = models.CharField(max_length=12, choices=NoticeReason.choices)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "ticket"],
                condition=Q(read_at=None),
                name="notification_once",
            ),
        ]
        indexes = [
            # The list of a person's notifications, newest first.
            models.Index(fields=["user", "-created_at"], name="notification_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_reason_display()} · #{self.ticket_id}"
