"""Channels and their addresses. Secrets go in and never come out (security.md T12)."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.models import Channel, ChannelAddress
from integrations.registry import KINDS
from tickets.crypto import seal


class ChannelForm(forms.ModelForm):
    """A channel; its password is sealed at once and never shown again."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [(kind, row.label) for kind, row in KINDS.items()]
    )
    password = forms.CharField(
        label=_("Password or token"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Leave empty to keep the one there is."),
    )

    class Meta:
        model = Channel
        fields = ["kind", "name", "slug", "queue", "is_active"]

    def save(self, commit: bool = True) -> Channel:  # noqa: FBT001, FBT002 - Django's signature
        """Seal the password if one was given."""
        if password := self.cleaned_data["password"]:
            sealed = seal(json.dumps({"password": password}).encode())
            self.instance.sealed_key, self.instance.sealed_secrets = sealed.key, sealed.data
        saved: Channel = super().save(commit)
        return saved


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
        (_("Secret"), {"fields": ["has_password", "password"]}),
        (_("Health"), {"fields": ["last_ok_at", "last_error", "last_error_at"]}),
    ]

    @admin.display(description=_("has a password"), boolean=True)
    def has_password(self, channel: Any) -> bool:
        """Whether one is stored; which one is nobody's business."""
        return bool(channel.sealed_secrets)
