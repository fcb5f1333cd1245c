"""Words that admins write once and the product says often."""

from __future__ import annotations

from django.conf import global_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.queue import Queue

# Mails can be written in any language, also one that the pages do not speak. The names are
# Django's, and no part of a migration: an upgrade may bring more.
LANGUAGES = dict(global_settings.LANGUAGES)


class TemplateKind(models.TextChoices):
    """Which mail, or which part of one, the words are for."""

    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement of a new ticket")
    REPLY = "reply", _("Frame of a reply")
    CLOSING = "closing", _("Frame of a reply that ends the ticket")
    SIGNATURE = "signature", _("Signature")


class MessageTemplate(models.Model):
    """The words of one mail, for one queue or all, in one language.

    `body` is Markdown with the placeholders of its kind (`integrations.wording`). `version` grows
    with each change; a mail on its way notes which one it was written with.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=TemplateKind.choices)
    queue = models.ForeignKey(
        Queue,
        on_delete=models.CASCADE,
        related_name="templates",
        null=True,
        blank=True,
        verbose_name=_("queue"),
        help_text=_("Empty: every queue that has none of its own."),
    )
    language = models.CharField(
        _("language"),
        max_length=16,
        default="en",
        help_text=_(
            "That of the customer. Where there is none in it, English of the same queue is taken, "
            "then that of every queue, then the built-in words."
        ),
    )
    subject = models.CharField(
        _("subject"),
        max_length=200,
        blank=True,
        help_text=_(
            "Leave it empty for replies: with another subject some mail programs begin a new "
            "conversation."
        ),
    )
    body = models.TextField(_("text"), max_length=10_000)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    # Why it could not be used when a mail was written; the built-in words went instead.
    problem = models.TextField(_("problem"), blank=True)
    problem_at = models.DateTimeField(_("since"), null=True, blank=True)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["kind", "queue__position", "queue__name", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "queue", "language"],
                nulls_distinct=False,
                name="template_once",
                violation_error_message=_(
                    "There is one of this kind for this queue and language already. Change that."
                ),
            ),
        ]

    def __str__(self) -> str:
        where = self.queue.name if self.queue else str(_("every queue"))
        return f"{self.get_kind_display()}, {where}, {self.language_name}"

    @property
    def language_name(self) -> str:
        """The language in words."""
        return str(_(LANGUAGES.get(self.language, self.language)))
