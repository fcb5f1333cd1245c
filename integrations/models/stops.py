"""What people asked us not to send them any more."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class MailKind(models.TextChoices):
    """Automatic mails that come again and again, each of which can be stopped by itself."""

    ACKNOWLEDGEMENT = "acknowledgement", _("confirmations that a request arrived")
    NOTIFICATION = "notification", _("notifications about tickets")


class MailStop(models.Model):
    """An address that gets no more mails of one kind; answers by people always reach it."""

    address = models.CharField(_("address"), max_length=320)
    kind = models.CharField(_("kind"), max_length=16, choices=MailKind.choices)
    stopped_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        verbose_name = _("stopped mail")
        verbose_name_plural = _("stopped mails")
        constraints = [
            models.UniqueConstraint(fields=["address", "kind"], name="mail_stop_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_kind_display()}"
