"""Channels and their addresses. Secrets go in and never come out (security.md T12)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.email.smtp import PORTS
from integrations.models import Channel, ChannelAddress
from integrations.registry import KINDS
from tickets.crypto import seal

# What stands in `Channel.config`; the adapter of the kind reads it.
_CONFIG = ("smtp_url", "plus_addressing")


class ChannelForm(forms.ModelForm):
    """A channel; its settings stand in `config`, its password is sealed and never shown again."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [(kind, row.label) for kind, row in KINDS.items()]
    )
    smtp_url = forms.CharField(
        label=_("Mail server"),
        required=False,
        help_text=_("smtp+tls://user@host:587 or smtps://user@host. Empty: that of the product."),
    )
    smtp_password = forms.CharField(
        label=_("Its password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Leave empty to keep the one there is."),
    )

    plus_addressing = forms.BooleanField(
        label=_("Answers come back to address+token"),
        required=False,
        help_text=_("Only where the mail server delivers such addresses to the plain one."),
    )

    class Meta:
        model = Channel
        fields = ["kind", "name", "slug", "queue", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _CONFIG:
            self.initial[name] = self.instance.config.get(name)

    def clean_smtp_url(self) -> str:
        """A server that mail can be handed to; the password has a field of its own."""
        url: str = self.cleaned_data["smtp_url"].strip()
        if url and not _is_server(url):
            raise ValidationError(
                gettext("Write smtp+tls://user@host:587 or smtps://user@host, no password in it.")
            )
        return url

    def save(self, commit: bool = True) -> Channel:  # noqa: FBT001, FBT002 - Django's signature
        """Keep the settings; seal the password if one was given."""
        self.instance.config |= {name: self.cleaned_data[name] for name in _CONFIG}
        if password := self.cleaned_data["smtp_password"]:
            sealed = seal(json.dumps({"smtp_password": password}).encode())
            self.instance.sealed_key, self.instance.sealed_secrets = sealed.key, sealed.data
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
    readonly_fields = ["has_password", "last_ok_at", "last_error", "last_error_at"]
    inlines = [AddressesInline]
    fieldsets = [
        (None, {"fields": ["kind", "name", "slug", "queue", "is_active"]}),
        (
            _("Sending"),
            {"fields": ["smtp_url", "has_password", "smtp_password", "plus_addressing"]},
        ),
        (_("Health"), {"fields": ["last_ok_at", "last_error", "last_error_at"]}),
    ]

    @admin.display(description=_("has a password"), boolean=True)
    def has_password(self, channel: Any) -> bool:
        """Whether one is stored; which one is nobody's business."""
        return bool(channel.sealed_secrets)
