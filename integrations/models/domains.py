"""Domains that our mail leaves from, and the keys it is signed with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SendingDomain(models.Model):
    """A domain of ours, and what the world's DNS said of it when it was last asked.

    `findings` are codes and names (`integrations.email.domains`); the words are made when shown.
    """

    domain = models.CharField(
        _("domain"), max_length=253, unique=True, help_text=_("What stands after the @.")
    )
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    findings = models.JSONField(default=list, blank=True)
    # Why mails leave unsigned although there is a key.
    problem = models.TextField(_("problem"), blank=True)
    problem_at = models.DateTimeField(_("since"), null=True, blank=True)

    class Meta:
        verbose_name = _("sending domain")
        verbose_name_plural = _("sending domains")
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class KeyState(models.TextChoices):
    """Where a key stands: two are published while one takes over from the other."""

    PREPARED = "prepared", _("To be published")
    ACTIVE = "active", _("Signs")
    RETIRED = "retired", _("Signed before")


class DkimKey(models.Model):
    """A key pair for DKIM (RFC 6376); the private half is sealed and shown to nobody."""

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="keys")
    selector = models.CharField(_("selector"), max_length=63)
    public = models.TextField(help_text=_("The public half, as it stands in DNS."))
    sealed_key = models.BinaryField()
    sealed_private = models.BinaryField()
    state = models.CharField(
        _("state"), max_length=8, choices=KeyState.choices, default=KeyState.PREPARED
    )
    # When DNS was first seen to hold it.
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), db_default=Now())
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "selector"], name="dkim_selector_once"),
            models.UniqueConstraint(
                fields=["domain"], condition=Q(state="active"), name="dkim_one_active"
            ),
            models.UniqueConstraint(
                fields=["domain"], condition=Q(state="prepared"), name="dkim_one_prepared"
            ),
        ]

    def __str__(self) -> str:
        return self.record_name

    @property
    def record_name(self) -> str:
        """Where its record stands in DNS."""
        return f"{self.selector}._domainkey.{self.domain.domain}"

    @property
    def record(self) -> str:
        """What that record must say (RFC 6376, 3.6.1)."""
        return f"v=DKIM1; k=rsa; p={self.public}"
