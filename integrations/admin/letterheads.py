"""The looks of a queue's mails, set on the queue's own page."""

from __future__ import annotations

import base64
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import pictures
from integrations.email import colours
from integrations.models import Letterhead, Picture
from tickets.admin.queues import QueueAdmin
from tickets.models import MessageTemplate, TemplateKind

_WHITE = "#ffffff"


class LetterheadForm(forms.ModelForm):
    """Name, colour and logo, each checked in words."""

    logo_file = forms.FileField(
        label=_("New logo"),
        required=False,
        help_text=_("PNG, JPEG or GIF, at most 100 kB. It goes along in each mail."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif"}),
    )
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)

    class Meta:
        model = Letterhead
        fields = ["sender_name", "naming", "accent", "logo_text", "earlier"]

    def clean_accent(self) -> str:
        """Raises ValidationError unless it is a colour in which links can be read on white."""
        accent: str = self.cleaned_data["accent"].strip().lower()
        if not accent:
            return ""
        if not colours.is_colour(accent):
            raise ValidationError(gettext("Write a colour as # and six digits, like #0b57d0."))
        found = colours.contrast(accent, _WHITE)
        if found < colours.LEAST:
            raise ValidationError(
                gettext(
                    "Links in this colour cannot be read on white: its contrast is %(found).1f, "
                    "and at least %(least).1f is needed. Choose a darker one."
                )
                % {"found": found, "least": colours.LEAST}
            )
        return accent

    def clean_logo_file(self) -> Picture | None:
        """The picture, kept by its bytes. Raises ValidationError saying what is wrong with it."""
        file = self.cleaned_data["logo_file"]
        if not file:
            return None
        try:
            return pictures.kept(file.read(pictures.LARGEST + 1))
        except pictures.NoPicture as error:
            raise ValidationError(str(error)) from error

    def save(self, commit: bool = True) -> Letterhead:  # noqa: FBT001, FBT002 - Django's signature
        """Keep the new logo, or none."""
        if self.cleaned_data["remove_logo"]:
            self.instance.logo = None
        elif picture := self.cleaned_data["logo_file"]:
            self.instance.logo = picture
        saved: Letterhead = super().save(commit)
        return saved


class LetterheadInline(admin.StackedInline):
    """How the queue's mails look."""

    model = Letterhead
    form = LetterheadForm
    can_delete = False
    verbose_name_plural = _("Mails of this queue")
    readonly_fields = ["logo_now", "look"]
    fields = [
        *("sender_name", "naming", "accent", "logo_now", "logo_file", "remove_logo"),
        *("logo_text", "earlier", "look"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letterhead]:
        """With the logo."""
        return super().get_queryset(request).select_related("logo", "queue")

    @admin.display(description=_("logo"))
    def logo_now(self, letterhead: Any) -> SafeString | str:
        """The picture itself."""
        logo = letterhead.logo if letterhead.pk else None
        if logo is None:
            return gettext("None.")
        data = base64.b64encode(bytes(logo.data)).decode()
        return format_html(
            '<img src="data:{};base64,{}" alt="{}" height="48">',
            logo.content_type,
            data,
            letterhead.logo_text or letterhead.name,
        )

    @admin.display(description=_("preview"))
    def look(self, letterhead: Any) -> SafeString | str:
        """A reply as it would leave now."""
        if not letterhead.pk:
            return gettext("Save first.")
        page = reverse("admin:tickets_messagetemplate_preview_new")
        return format_html(
            '<a href="{}?kind={}&amp;queue={}">{}</a>',
            page,
            TemplateKind.REPLY,
            letterhead.queue_id,
            gettext("See a reply, and send it to yourself"),
        )


class QueueTemplatesInline(admin.TabularInline):
    """The words this queue has of its own; each is changed on its page."""

    model = MessageTemplate
    extra = 0
    can_delete = False
    show_change_link = True
    fields = ["kind", "language", "subject", "is_active", "version"]
    readonly_fields = ["kind", "language", "subject", "is_active", "version"]
    verbose_name_plural = _("Message templates of this queue")

    def has_add_permission(self, *_args: Any) -> bool:
        """On their own page, where they are checked and looked at."""
        return False


# Shown on the queue from here: tickets know no mail.
QueueAdmin.inlines = [
    *cast("list[Any]", QueueAdmin.inlines),
    LetterheadInline,
    QueueTemplatesInline,
]
