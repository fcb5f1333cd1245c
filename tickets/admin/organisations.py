"""Customer companies, their mail domains and their people."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets import clock
from tickets.models import Membership, Organisation, OrganisationDomain

# Letters, digits, hyphens and dots, with at least one dot (RFC 1035, 2.3.1).
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class DomainForm(forms.ModelForm):
    """A domain, and whether somebody made sure that it is theirs."""

    is_verified = forms.BooleanField(
        label=_("Is theirs"),
        required=False,
        help_text=_("Checked by us. From then on each new writer from it is a member."),
    )

    class Meta:
        model = OrganisationDomain
        fields = ["domain"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_verified"] = self.instance.verified_at is not None

    def clean_domain(self) -> str:
        """The bare domain in lower case, of one organisation only."""
        domain: str = self.cleaned_data["domain"].strip().lower().lstrip("@").rstrip(".")
        if not DOMAIN.fullmatch(domain):
            raise ValidationError(gettext("Write the part after the @ alone, like example.org."))
        others = OrganisationDomain.objects.exclude(pk=self.instance.pk)
        if taken := others.filter(domain=domain).select_related("organisation").first():
            raise ValidationError(
                gettext("This domain belongs to %(name)s. Remove it there first.")
                % {"name": taken.organisation}
            )
        return domain

    def save(self, commit: bool = True) -> OrganisationDomain:  # noqa: FBT001, FBT002 - Django's
        """Note the time of the check; unticking takes it back."""
        checked = self.cleaned_data["is_verified"]
        self.instance.verified_at = (self.instance.verified_at or clock.now()) if checked else None
        saved: OrganisationDomain = super().save(commit)
        return saved


class DomainsInline(admin.TabularInline):
    """Mail domains."""

    model = OrganisationDomain
    form = DomainForm
    extra = 0
    verbose_name = _("domain")
    verbose_name_plural = _("domains")


class MembershipsInline(admin.TabularInline):
    """Who belongs to it."""

    model = Membership
    autocomplete_fields = ["contact"]
    extra = 0
    verbose_name = _("member")
    verbose_name_plural = _("members")


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    """Customer companies."""

    list_display = ["name", "created_at"]
    search_fields = ["name", "domains__domain"]
    inlines = [DomainsInline, MembershipsInline]
