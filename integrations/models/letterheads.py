"""How the mails of a queue look: whose name they carry, its colour, its logo."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.models import Queue

MOST_EARLIER = 5


class Picture(models.Model):
    """A small picture of ours that goes along in mails; its bytes never change.

    A mail on its way names it by its hash, so that a new logo does not reach back.
    """

    sha256 = models.BinaryField(max_length=32, unique=True)
    data = models.BinaryField()
    content_type = models.CharField(max_length=32)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.content_type} {self.width} × {self.height}"


class Naming(models.TextChoices):
    """Whose name stands in From."""

    BOTH = "both", _("Colleague and queue: Ada (Support)")
    COLLEAGUE = "colleague", _("Colleague alone: Ada")
    QUEUE = "queue", _("Queue alone: Support")


class Letterhead(models.Model):
    """The looks of one queue's mails; a queue without one uses the defaults."""

    queue = models.OneToOneField(
        Queue, on_delete=models.CASCADE, related_name="letterhead", verbose_name=_("queue")
    )
    sender_name = models.CharField(
        _("name in From"),
        max_length=60,
        blank=True,
        help_text=_("Empty: the name of the queue."),
    )
    naming = models.CharField(
        _("who writes"), max_length=10, choices=Naming.choices, default=Naming.BOTH
    )
    accent = models.CharField(
        _("colour"),
        max_length=7,
        blank=True,
        help_text=_("Of links and of the line above the text, like #0b57d0. Empty: blue."),
    )
    logo = models.ForeignKey(
        Picture, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    logo_text = models.CharField(
        _("logo in words"),
        max_length=80,
        blank=True,
        help_text=_("Read where pictures are not shown. Empty: the name in From."),
    )
    earlier = models.PositiveSmallIntegerField(
        _("earlier messages below the answer"),
        default=0,
        validators=[MaxValueValidator(MOST_EARLIER)],
        help_text=_("How many are quoted, newest first: 0 to 5."),
    )

    class Meta:
        verbose_name = _("letterhead")
        verbose_name_plural = _("letterheads")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What the queue is called in From."""
        return self.sender_name or self.queue.name
