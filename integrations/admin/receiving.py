"""What admins type about a mailbox that is read by IMAP."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import sealed
from integrations.email.imap.settings import FOLDER, After, ReadFrom, Security
from integrations.models import Channel

_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?|\[?[0-9a-f:.]+\]?", re.IGNORECASE)
_SECRETS = ("imap_password", "oauth_client_secret", "oauth_refresh_token")

# What large providers have; it fills what is left empty.
PROVIDERS: dict[str, dict[str, str]] = {
    "google": {
        "imap_host": "imap.gmail.com",
        "oauth_token_url": "https://oauth2.googleapis.com/token",
        "oauth_scope": "https://mail.google.com/",
    },
    "microsoft": {
        "imap_host": "outlook.office365.com",
        "imap_auth": "oauth",
        "oauth_token_url": "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
        "oauth_scope": "https://outlook.office.com/IMAP.AccessAsUser.All "
        "https://outlook.office.com/SMTP.Send offline_access",
    },
}
# Microsoft gives an application as such another scope than a person's consent.
_MICROSOFT_APPLICATION = "https://outlook.office365.com/.default"


def secret_field(label: Any) -> forms.CharField:
    """A secret: it goes in and never comes out (security.md T12)."""
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Leave empty to keep the one there is."),
    )


class ReceivingForm(forms.ModelForm):
    """The part of a channel's form that says which mailbox is read, and how."""

    provider = forms.ChoiceField(
        label=_("Fill in for"),
        required=False,
        choices=[("", "—"), ("google", "Google"), ("microsoft", "Microsoft 365")],
        help_text=_("Fills the fields below that are left empty. It is not kept."),
    )
    imap_host = forms.CharField(
        label=_("IMAP server"),
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
        max_length=253,
        help_text=_("As in imap.example.com. Empty: no mailbox is read; mail comes by the door."),
    )
    imap_port = forms.IntegerField(
        label=_("Port"),
        required=False,
        min_value=1,
        max_value=65535,
        help_text=_("Empty: 993 for TLS, 143 for STARTTLS."),
    )
    imap_security = forms.ChoiceField(
        label=_("Encryption"),
        required=False,
        choices=[
            (Security.TLS, _("TLS")),
            (Security.STARTTLS, _("STARTTLS")),
            (Security.PLAIN, _("None: unsafe, everybody on the way can read the password")),
        ],
        help_text=_("Certificates are always verified."),
    )
    imap_user = forms.CharField(
        label=_("User name"),
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
        max_length=320,
        help_text=_("Mostly the whole address. For a shared mailbox its own address."),
    )
    imap_auth = forms.ChoiceField(
        label=_("Sign in with"),
        required=False,
        choices=[("password", _("Password")), ("oauth", _("OAuth token (Google, Microsoft 365)"))],
    )
    imap_password = secret_field(_("Password"))
    oauth_grant = forms.ChoiceField(
        label=_("Grant"),
        required=False,
        choices=[
            ("refresh_token", _("Refresh token: somebody consented for this mailbox")),
            ("client_credentials", _("Client credentials: the application itself has access")),
        ],
    )
    oauth_token_url = forms.CharField(
        label=_("Token address"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"size": 70}),
        help_text=_(
            "Microsoft: with client credentials, put the tenant in the place of “organizations”."
        ),
    )
    oauth_client_id = forms.CharField(label=_("Client id"), required=False, max_length=300)
    oauth_client_secret = secret_field(_("Client secret"))
    oauth_refresh_token = secret_field(_("Refresh token"))
    oauth_scope = forms.CharField(
        label=_("Scope"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"size": 70}),
    )
    imap_folder = forms.CharField(
        label=_("Folder"), required=False, max_length=255, help_text=_("Empty: INBOX.")
    )
    read_from = forms.ChoiceField(
        label=_("The first time, read"),
        required=False,
        choices=[
            (ReadFrom.NOW, _("only what comes in from now on")),
            (ReadFrom.DATE, _("what came in since the day below")),
            (ReadFrom.EVERYTHING, _("everything that is there")),
        ],
        help_text=_(
            "Older mail comes in quietly: nobody is sent an acknowledgement or a notification."
        ),
    )
    read_from_date = forms.DateField(
        label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    after_reading = forms.ChoiceField(
        label=_("What was read"),
        required=False,
        choices=[
            (After.LEAVE, _("stays as it is")),
            (After.SEEN, _("is marked as seen")),
            (After.MOVE, _("is moved to the folder below")),
        ],
        help_text=_(
            "Nothing is ever deleted. What was moved away cannot be read again after a restore."
        ),
    )
    move_to = forms.CharField(
        label=_("Move to"),
        required=False,
        max_length=255,
        help_text=_("Made on the server when it is not there."),
    )

    class Meta:
        model = Channel
        fields: list[str] = []

    def clean_imap_host(self) -> str:
        """A name or an address, nothing else."""
        host: str = self.cleaned_data["imap_host"].strip()
        if host and not _HOST.fullmatch(host):
            raise ValidationError(
                gettext("Write the name alone, as in imap.example.com, without imaps:// or port.")
            )
        return host

    def clean_oauth_token_url(self) -> str:
        """An https address; plain http only on this machine."""
        url: str = self.cleaned_data["oauth_token_url"].strip()
        if url and not _is_safe(url):
            raise ValidationError(gettext("Write an address that begins with https://."))
        return url

    def clean_read_from_date(self) -> str:
        """As it is kept."""
        day = self.cleaned_data["read_from_date"]
        return day.isoformat() if day else ""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError at each field that is missing or cannot be."""
        values = super().clean() or self.cleaned_data
        self._fill(values)
        if values.get("imap_host"):
            self._check_sign_in(values)
            self._check_treatment(values)
        return values

    def _fill(self, values: dict[str, Any]) -> None:
        provider = values.get("provider") or ""
        known = dict(PROVIDERS.get(provider, {}))
        if provider == "microsoft" and values.get("oauth_grant") == "client_credentials":
            known["oauth_scope"] = _MICROSOFT_APPLICATION
        for name, value in known.items():
            # A choice has a value from the start, so Microsoft's only way in replaces it.
            if not values.get(name) or name == "imap_auth":
                values[name] = value

    def _check_sign_in(self, values: dict[str, Any]) -> None:
        self._demand(values, "imap_user", gettext("Say as whom to sign in."))
        if values.get("imap_auth") != "oauth":
            self._demand_secret(values, "imap_password", gettext("Give the mailbox's password."))
            return
        self._demand(values, "oauth_token_url", gettext("Say where tokens come from."))
        self._demand(values, "oauth_client_id", gettext("Give the client id."))
        if values.get("oauth_grant") == "client_credentials":
            secret = gettext("Give the client secret.")
            self._demand_secret(values, "oauth_client_secret", secret)
        else:
            token = gettext("Give the refresh token.")
            self._demand_secret(values, "oauth_refresh_token", token)

    def _check_treatment(self, values: dict[str, Any]) -> None:
        if values.get("read_from") == ReadFrom.DATE:
            self._demand(values, "read_from_date", gettext("Say since which day."))
        if values.get("after_reading") == After.MOVE:
            self._demand(values, "move_to", gettext("Say to which folder."))
            if values.get("move_to") == (values.get("imap_folder") or FOLDER):
                self.add_error("move_to", gettext("This is the folder that is read."))

    def _demand(self, values: dict[str, Any], name: str, words: str) -> None:
        if not values.get(name) and name not in self.errors:
            self.add_error(name, words)

    def _demand_secret(self, values: dict[str, Any], name: str, words: str) -> None:
        if name not in sealed.names(self.instance):
            self._demand(values, name, words)

    def secrets(self) -> dict[str, str]:
        """What changes of the secrets: those given, and empty ones where no mailbox is read."""
        if not self.cleaned_data["imap_host"]:
            return dict.fromkeys(_SECRETS, "")
        return {name: self.cleaned_data[name] for name in _SECRETS if self.cleaned_data[name]}


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
