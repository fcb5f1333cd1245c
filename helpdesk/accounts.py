"""Signing in: who is let in, and how mails about accounts leave."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.http import url_has_allowed_host_and_scheme

from tickets.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Finds the user of a session in one query, with the contact and whether MFA is set up."""

    def get_user(self, user_id: int) -> User | None:
        """The user with `has_mfa`; None when unknown or no longer active (T07)."""
        second_factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        found = User.objects.select_related("contact").annotate(has_mfa=Exists(second_factor))
        user = found.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth as this product uses it."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 (allauth's form)
        """Nobody makes an account by themselves; admins do."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a `next` leads to a page of ours and nowhere else (T10)."""
        return is_own_path(url or "")

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:  # noqa: ARG002
        """Whether somebody must prove again who they are: their last proof is old."""
        request = context.request
        records = get_authentication_records(request, request.user)
        newest = max((record["at"] for record in records), default=0.0)
        return bool(time.time() - newest > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)

    def send_mail(self, template_prefix: str, email: str, words: dict[str, Any]) -> None:
        """Queue a mail about an account; a worker sends it, never this request (T01)."""


def is_own_path(url: str) -> bool:
    """Whether this is a path on our own host: one slash, no host, no control character."""
    return (
        url.startswith("/")
        and url.isprintable()
        and "\\" not in url
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
