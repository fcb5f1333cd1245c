"""What connects us to the world."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models import Queue


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
