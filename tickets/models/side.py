"""Talking with somebody outside about a ticket, beside what the customer reads."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.people import Contact
from tickets.models.ticket import Ticket


class SideConversation(models.Model):
    """What is written to a third party about a ticket, and what they answer.

    Its messages stand on the ticket's timeline for staff. The customer's side never sees them,
    the third party never sees the customer's.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="side_conversations")
    subject = models.CharField(_("subject"), max_length=500)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(
        _("closed"), null=True, blank=True, help_text=_("Nothing more is expected of them.")
    )

    class Meta:
        ordering = ["opened_at", "pk"]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.subject}"


class ThirdParty(models.Model):
    """Somebody in a side conversation; they alone may speak there."""

    side = models.ForeignKey(SideConversation, on_delete=models.CASCADE, related_name="parties")
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="side_conversations"
    )

    class Meta:
        verbose_name_plural = _("third parties")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["side", "contact"], name="third_party_once"),
        ]

    def __str__(self) -> str:
        return str(self.contact)
