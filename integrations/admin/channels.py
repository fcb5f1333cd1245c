"""Channels and their addresses. Secrets go in and never come out (security.md T12)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import sealed
from integrations.admin.hooked import HookForm, told
from integrations.admin.receiving import ReceivingForm, secret_field
from integrations.email.check import check
from integrations.email.imap import cursors
from integrations.email.imap.settings import CONFIG as RECEIVING
from integrations.email.smtp import PORTS
from integrations.models import Channel, ChannelAddress
from integrations.registry import KINDS

# What stands in `Channel.config`; the adapter of the kind reads it.
_CONFIG = ("smtp_url", "plus_addressing", "honours_spam_headers", *RECEIVING)


class ChannelForm(ReceivingForm, HookForm):
    """A channel; its settings stand in `config`, its secrets are sealed and never shown again."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [(kind, row.label) for kind, row in KINDS.items()]
    )
    smtp_url = forms.CharField(
        label=_("Mail server"),
        required=False,
        widget=forms.TextInput(attrs={"size": 50}),
        help_text=_(
            "smtp+tls://user@host:587 or smtps://user@host. Empty: that of the product. Google has "
            "smtp.gmail.com, Microsoft smtp.office365.com."
        ),
    )
    smtp_password = secret_field(_("Its password"))

    plus_addressing = forms.BooleanField(
        label=_("Answers come back to address+token"),
        required=False,
        help_text=_("Only where the mail server delivers such addresses to the plain one."),
    )

    honours_spam_headers = forms.NullBooleanField(
        label=_("Hold what its mail server marks as spam"),
        required=False,
        widget=forms.Select(
            choices=[
                ("unknown", _("Yes, but not at the open door")),
                ("true", _("Yes")),
                ("false", _("No")),
            ]
        ),
        help_text=_("Headers such as X-Spam-Flag. Such mail waits for staff under Held mail."),
    )

    class Meta:
        model = Channel
        fields = ["kind", "name", "slug", "queue", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*_CONFIG, "webhook_provider"):
            self.initial[name] = self.instance.config.get(name)

    def clean_smtp_url(self) -> str:
        """A server that mail can be handed to; the password has a field of its own."""
        url: str = self.cleaned_data["smtp_url"].strip()
        if url and not _is_server(url):
            raise ValidationError(
                gettext("Write smtp+tls://user@host:587 or smtps://user@host, no password in it.")
            )
        return url

    def secrets(self) -> dict[str, str]:
        """What changes of the secrets."""
        secrets = super().secrets()
        password = self.cleaned_data["smtp_password"]
        is_server_gone = "smtp_url" in self.changed_data and not self.cleaned_data["smtp_url"]
        if password or is_server_gone:
            secrets["smtp_password"] = password
        return secrets | self.keep_hook(self.instance)

    def save(self, commit: bool = True) -> Channel:  # noqa: FBT001, FBT002 - Django's signature
        """Keep the settings; the secrets are sealed by whoever saves the channel."""
        self.instance.config |= {name: self.cleaned_data[name] for name in _CONFIG}
        saved: Channel = super().save(commit)
        return saved


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in PORTS and bool(parts.hostname) and not parts.password


class AddressForm(forms.ModelForm):
    """An address that no other channel has."""

    class Meta:
        model = ChannelAddress
        fields = ["address", "is_primary"]

    def clean_address(self) -> str:
        """In lower case. Raises ValidationError naming the channel that has it already."""
        address: str = self.cleaned_data["address"].strip().lower()
        others = ChannelAddress.objects.exclude(pk=self.instance.pk).filter(address=address)
        if taken := others.select_related("channel").first():
            raise ValidationError(
                gettext("%(address)s belongs to the channel %(channel)s. Remove it there first.")
                % {"address": address, "channel": taken.channel}
            )
        return address


class AddressFormSet(forms.BaseInlineFormSet):
    """All addresses of a channel."""

    def clean(self) -> None:
        """Exactly one of them is the one answers come from."""
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if kept and sum(values["is_primary"] for values in kept) != 1:
            raise ValidationError(gettext("Tick the one address that answers come from."))


class AddressesInline(admin.TabularInline):
    """Addresses of a channel."""

    model = ChannelAddress
    form, formset = AddressForm, AddressFormSet
    extra = 0
    verbose_name = _("address")
    verbose_name_plural = _("addresses")


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    """Connections to the world."""

    form = ChannelForm
    list_display = ["name", "kind", "queue", "is_active", "last_ok_at", "last_error"]
    list_filter = ["kind", "queue", "is_active"]
    list_select_related = ["queue"]
    search_fields = ["name", "slug", "addresses__address"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = [
        "has_secrets",
        "webhook_address",
        "last_ok_at",
        "last_error",
        "last_error_at",
    ]
    inlines = [AddressesInline]
    fieldsets = [
        (None, {"fields": ["kind", "name", "slug", "queue", "is_active", "has_secrets"]}),
        (
            _("Receiving: the mailbox to read"),
            {
                "fields": [
                    "provider",
                    ("imap_host", "imap_port"),
                    "imap_security",
                    "imap_user",
                    "imap_auth",
                    "imap_password",
                ],
                "description": _(
                    "Leave it empty where a mail server hands mail in by SMTP or a pipe."
                ),
            },
        ),
        (
            _("Receiving: OAuth"),
            {
                "fields": [
                    "oauth_grant",
                    "oauth_token_url",
                    "oauth_client_id",
                    "oauth_client_secret",
                    "oauth_refresh_token",
                    "oauth_scope",
                ],
                "description": _(
                    "Only to sign in with a token. Register the product with the provider, give it "
                    "access to IMAP (and SMTP, to send the same way), and copy what it gives you."
                ),
            },
        ),
        (
            _("Receiving: what is read, and what becomes of it"),
            {
                "fields": [
                    "imap_folder",
                    ("read_from", "read_from_date"),
                    ("after_reading", "move_to"),
                    "honours_spam_headers",
                ]
            },
        ),
        (
            _("Receiving: a provider that posts mail"),
            {
                "fields": ["webhook_provider", "webhook_secret", "webhook_address"],
                "description": _("The address appears once the channel is saved."),
            },
        ),
        (_("Sending"), {"fields": ["smtp_url", "smtp_password", "plus_addressing"]}),
        (_("Health of sending"), {"fields": ["last_ok_at", "last_error", "last_error_at"]}),
    ]

    @admin.display(description=_("stored secrets"))
    def has_secrets(self, channel: Any) -> str:
        """Which ones; what they are is nobody's business."""
        labels = [str(ChannelForm.base_fields[name].label) for name in sorted(_kept(channel))]
        return ", ".join(labels) or "–"

    @admin.display(description=_("Address to post to"))
    def webhook_address(self, channel: Any) -> str:
        """Where the provider's own pages are told to send mail."""
        return told(channel)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Seal what was given, beside what a reader may have renewed meanwhile; read at once."""
        if change:
            stored = Channel.objects.select_for_update(of=("self",)).get(pk=obj.pk)
            obj.sealed_key, obj.sealed_secrets = stored.sealed_key, stored.sealed_secrets
        sealed.put(obj, **form.secrets())
        super().save_model(request, obj, form, change)
        cursors.try_now(obj)

    def get_urls(self) -> list[URLPattern]:
        """The pages of the admin, and the test of a connection."""
        test = self.admin_site.admin_view(self.test)
        return [
            path("<int:pk>/test/", test, name="integrations_channel_test"),
            *super().get_urls(),
        ]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the saved channel out and show each step in the servers' words."""
        channel = get_object_or_404(Channel, pk=pk)
        if not self.has_change_permission(request, channel):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:integrations_channel_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Test of %(channel)s") % {"channel": channel},
            "opts": self.opts,
            "channel": channel,
            "report": check(channel),
        }
        return TemplateResponse(request, "admin/integrations/channel/test.html", context)


def _kept(channel: Channel) -> set[str]:
    return sealed.names(channel) & ChannelForm.base_fields.keys()
