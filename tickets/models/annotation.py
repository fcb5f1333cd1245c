"""What staff say among themselves: a table of its own, so no query for messages can leak it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket
from tickets.querysets import AnnotationQuerySet


class Annotation(models.Model):
    """What one colleague says to the others about a ticket (S2.3)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="annotations")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="annotations")
    body = models.TextField(_("text"), help_text=_("Markdown."))
    occurred_at = models.DateTimeField(_("written"))

    objects: ClassVar[AnnotationQuerySet] = AnnotationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            # The timeline of a ticket, in order.
            models.Index(fields=["ticket", "occurred_at"], name="annotation_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.author}: {self.body[:60]}"


class Mention(models.Model):
    """An annotation calls a colleague."""

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mentions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotation", "user"], name="mention_once")]

    def __str__(self) -> str:
        return f"@{self.user}"
