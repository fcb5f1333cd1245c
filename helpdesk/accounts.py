"""Signing in: who is let in, and how mails about accounts leave."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from integrations import outbound, wake
from integrations.email.letter import Letter, Mailbox
from integrations.models import Channel, Delivery, DeliveryKind
from tickets.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# Longer than a mail about an account takes to be queued.
EVEN_S = 0.3


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


def has_second_factor(user: User) -> bool:
    """Whether a user found by `Backend` has set up more than recovery codes."""
    return bool(getattr(user, "has_mfa", False))


def evened(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose form is answered no sooner than after a fixed time: how long it took tells
    nobody whether there was a mail to write (T01).
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        began = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            time.sleep(max(0.0, began + EVEN_S - time.monotonic()))
        return response

    return answered


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth as this product uses it."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "This email and this password do not belong together. Type them again, or reset the "
            "password."
        ),
        "incorrect_password": _("This is not your password. Type it again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 (allauth's form)
        """Nobody makes an account by themselves; admins do."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a `next` leads to a page of ours and nowhere else (T10)."""
        return is_own_path(url or "")

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:  # noqa: ARG002
        """Whether somebody must prove again who they are: their last proof is old."""
        request = allauth_context.request
        records = get_authentication_records(request, request.user)
        newest = max((record["at"] for record in records), default=0.0)
        return bool(time.time() - newest > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address of a reset, always on our configured host (T09)."""
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[uid, token])
        return f"{settings.BASE_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a mail about an account; a worker sends it, never this request (T01)."""
        mail = self.render_mail(template_prefix, email, {"host": settings.BASE_HOST, **context})
        queue_mail(email, subject=mail.subject, body=mail.body)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor, in words that say what to do."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is wrong or no longer valid. Type the one your app shows now, or a "
            "recovery code you have not used."
        ),
    }


def queue_mail(address: str, *, subject: str, body: str) -> Delivery:
    """A row in the outbox that no ticket belongs to, from the first mailbox that can send."""
    channel = (
        Channel.objects.filter(kind="email", is_active=True, addresses__is_primary=True)
        .order_by("pk")
        .first()
    )
    sender = outbound.address_of(channel) if channel else settings.DEFAULT_FROM_EMAIL
    letter = Letter(
        sender=Mailbox(address=sender, name=f"Helpdesk {settings.BASE_HOST}"),
        reply_to=sender,
        to=[Mailbox(address=address)],
        subject=subject,
        body=body,
        ticket=0,
        automatic=True,
    )
    delivery = outbound.queued(
        letter,
        kind=DeliveryKind.ACCOUNT,
        once=f"account:{uuid.uuid4()}",
        channel=channel,
        address=address,
    )
    wake.delivery(delivery)
    return delivery


def is_own_path(url: str) -> bool:
    """Whether this is a path on our own host: one slash, no host, no control character."""
    return (
        url.startswith("/")
        and url.isprintable()
        and "\\" not in url
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
