"""Whose mail is put aside unread."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.models import User


class BlockedSender(models.Model):
    """An address, or a domain with everything below it, whose mail becomes no ticket.

    What comes from there is kept as any other mail; `integrations.blocking` makes and asks these.
    """

    sender = models.CharField(
        _("address or domain"),
        max_length=320,
        unique=True,
        help_text=_("ann@example.com, or example.com for everybody there and below."),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    blocked_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="blocked_senders",
        verbose_name=_("blocked by"),
        null=True,
        blank=True,
        editable=False,
    )
    since = models.DateTimeField(_("since"), db_default=Now(), editable=False)
    until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody unblocks it.")
    )
    # How much it keeps away, and whether it still does.
    hits = models.PositiveIntegerField(_("mails put aside"), default=0, editable=False)
    last_hit_at = models.DateTimeField(_("last mail"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(sender=""), name="blocked_sender_named"),
        ]

    def __str__(self) -> str:
        return self.sender

    @property
    def is_domain(self) -> bool:
        """Whether everybody at a domain is meant."""
        return "@" not in self.sender
