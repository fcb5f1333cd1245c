"""People who write to us, and the addresses by which they are known."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.actions.people import normal_id
from tickets.models import Contact, Identity
from tickets.states import IdentityKind


class IdentityForm(forms.ModelForm):
    """One address, which nobody else may have."""

    class Meta:
        model = Identity
        fields = ["kind", "external_id"]

    def clean(self) -> dict[str, object]:
        """As it is stored; an address somebody else has is refused, never moved (C10)."""
        values = super().clean() or self.cleaned_data
        if not {"kind", "external_id"} <= values.keys():
            return values
        kind = IdentityKind(values["kind"])
        values["external_id"] = address = normal_id(kind, values["external_id"])
        if kind == IdentityKind.EMAIL:
            validate_email(address)
        others = Identity.objects.filter(kind=kind, external_id=address)
        if taken := others.exclude(pk=self.instance.pk).select_related("contact").first():
            raise ValidationError(
                gettext("%(address)s belongs to %(name)s. An address has one owner.")
                % {"address": address, "name": taken.contact}
            )
        return values


class IdentitiesInline(admin.TabularInline):
    """Addresses. Only a proof verifies one, never a form."""

    model = Identity
    form = IdentityForm
    readonly_fields = ["verified_at", "undeliverable_since", "undeliverable_because"]
    extra = 0
    verbose_name = _("address")
    verbose_name_plural = _("addresses")


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    """People, with or without a login."""

    list_display = ["__str__", "addresses_in_words", "is_bot", "created_at"]
    list_filter = ["is_bot", "memberships__organisation"]
    search_fields = ["name", "identities__external_id"]
    ordering = ["name", "pk"]
    inlines = [IdentitiesInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """With the addresses the list names."""
        return super().get_queryset(request).prefetch_related("identities")

    @admin.display(description=_("addresses"))
    def addresses_in_words(self, contact: Contact) -> str:
        """All addresses."""
        return ", ".join(identity.external_id for identity in contact.identities.all())
