"""What admins type about a provider that posts mail to us."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import sealed, webhooks
from integrations.admin.receiving import secret_field
from integrations.email.hooks import PROVIDERS
from integrations.models import Channel


class HookForm(forms.ModelForm):
    """The part of a channel's form that says who posts mail, and how it proves that it is them."""

    webhook_provider = forms.ChoiceField(
        label=_("Mail is posted by"),
        required=False,
        choices=lambda: [("", "—"), *((kind, row.label) for kind, row in PROVIDERS.items())],
        help_text=_(
            "Have the provider post the raw message, where it can: it is then kept byte for byte."
        ),
    )
    webhook_secret = secret_field(_("What proves that it is them"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secrets = "; ".join(f"{row.label}: {row.secret}" for row in PROVIDERS.values())
        self.fields["webhook_secret"].help_text = f"{secrets}."

    def clean(self) -> dict[str, Any]:
        """A provider without a secret is nobody: its address would stay closed."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        has_secret = values.get("webhook_secret") or webhooks.SECRET in sealed.names(self.instance)
        if values.get("webhook_provider") and not has_secret:
            raise ValidationError(
                {"webhook_secret": gettext("Without it nobody could be told from the provider.")}
            )
        return values

    def keep_hook(self, channel: Channel) -> dict[str, str]:
        """Note the provider and, once, an address; gives what changes of the secrets."""
        provider = self.cleaned_data["webhook_provider"]
        channel.config["webhook_provider"] = provider
        if not provider:
            # What is switched off and on again has another address.
            channel.config.pop("webhook_token", None)
            return {webhooks.SECRET: ""}
        channel.config.setdefault("webhook_token", webhooks.new_token())
        secret = self.cleaned_data["webhook_secret"]
        return {webhooks.SECRET: secret} if secret else {}


def told(channel: Channel) -> str:
    """The address to give the provider."""
    path = webhooks.address_of(channel)
    return f"{settings.BASE_URL}{path}" if path else "–"
