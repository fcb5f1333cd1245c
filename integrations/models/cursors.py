"""Where reading stopped, and who reads."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.models.channels import Channel


class Cursor(models.Model):
    """How far a folder of a channel's mailbox was read (security.md B1.3), and how it went.

    Everything up to `last_uid` is stored or was left out on purpose; the number counts under
    `uid_validity` alone (RFC 3501, 2.3.1.1) and in the account named by `mailbox`. Up to
    `rescan_to` the folder was full when we first saw this numbering: what we have of that already
    is passed over. Up to `tidied_uid` the server's copies were marked or moved, if they are to be.

    Of that, what the server received before `since` is left out, and what it received before
    `started_at`, when we first looked, comes in without acknowledgement and notification.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="cursors")
    folder = models.CharField(_("folder"), max_length=255)
    mailbox = models.CharField(max_length=600, blank=True)
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    rescan_to = models.BigIntegerField(default=0)
    tidied_uid = models.BigIntegerField(default=0)
    since = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    # The one mail being fetched alone after trouble, and how often that was tried: counted
    # before it is tried, so that what ends the process cannot be tried for ever.
    stuck_uid = models.BigIntegerField(default=0)
    stuck_tries = models.PositiveSmallIntegerField(default=0)
    # Two listeners share the work by this; who comes late with an old lease changes nothing.
    lease_owner = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    ok_at = models.DateTimeField(_("last read"), null=True, blank=True)
    error_step = models.CharField(max_length=16, blank=True)
    error = models.TextField(_("last error"), blank=True)
    error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "folder"], name="cursor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}:{self.folder} up to {self.uid_validity}:{self.last_uid}"
