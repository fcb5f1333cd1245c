"""What providers hand in by HTTP: `/hooks/<kind>/<token>/`.

In this order: is there such a door, is it the provider, is it bearable, is it kept. Only then is
2xx said (security.md B1.1, S05, S06); reading what it says is the workers' part.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import inbound, originals, sealed, tasks
from integrations.email import hooks, limits
from integrations.models import Channel
from tickets.crypto import CannotUnseal

if TYPE_CHECKING:
    from django.http import HttpRequest

    from integrations.email.hooks import Provider

log = structlog.get_logger(__name__)

SECRET = "webhook_secret"  # noqa: S105 - its name among the secrets of a channel
# A mail at its limit, in base64 inside JSON, and what stands around it.
_MOST_BYTES = limits.SIZE * 3 // 2 + (1 << 20)


@dataclass(frozen=True, kw_only=True)
class _Door:
    channel: Channel
    provider: Provider
    secret: str


def new_token() -> str:
    """The unguessable part of an address that a provider posts to."""
    return secrets.token_hex(20)


def address_of(channel: Channel) -> str:
    """The path that the channel's provider posts to; empty where none is set up."""
    token = channel.config.get("webhook_token")
    return reverse("hook", args=[channel.kind, token]) if token else ""


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """Keep what a provider posts, once however often it comes.

    401 before anything is parsed that a stranger wrote; 503 when it cannot be kept now, so that
    the provider comes again.
    """
    door = _door(kind, token)
    if request.method == "HEAD":
        # Some providers look whether somebody is there.
        return HttpResponse()
    body = _body(request)
    if body is None:
        return _said(413, "Larger than the limit of mails")
    posted = hooks.Posted(cast(WSGIRequest, request), body)
    if not door.provider.may(posted, door.secret):
        return _said(401, "The secret or signature is not that of this channel")
    try:
        letter = hooks.letter_in(posted, door.provider, secret=door.secret)
    except hooks.NoMail as error:
        log.warning("hook_without_mail", channel=door.channel.slug, reason=str(error))
        return _said(400, str(error))
    return _kept(letter, channel=door.channel)


def _door(kind: str, token: str) -> _Door:
    """Raises Http404 where nobody may post: no such channel, or no secret for it (S05)."""
    found = Channel.objects.filter(kind=kind, is_active=True, config__webhook_token=token)
    channel = found.select_related("queue").first()
    provider = hooks.PROVIDERS.get(channel.config.get("webhook_provider", "")) if channel else None
    if channel is None or provider is None:
        raise Http404
    try:
        secret = sealed.opened(channel).get(SECRET, "")
    except CannotUnseal:
        log.exception("hook_secret_unreadable", channel=channel.slug)
        secret = ""
    if not secret:
        raise Http404
    return _Door(channel=channel, provider=provider, secret=secret)


def _body(request: HttpRequest) -> bytes | None:
    """The whole body, or None when it is larger than a mail may be."""
    said = request.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > _MOST_BYTES:
        return None
    body: bytes = request.read(_MOST_BYTES + 1)
    return body if len(body) <= _MOST_BYTES else None


def _kept(letter: hooks.Letter, *, channel: Channel) -> HttpResponse:
    source = originals.Source(name="webhook", key=f"{channel.pk}:{letter.key}")
    try:
        rows = inbound.keep(
            letter.data, source=source, channels=[channel], envelope=letter.envelope
        )
    except (DatabaseError, OSError):
        log.exception("hook_cannot_store", channel=channel.slug, size=len(letter.data))
        answer = _said(503, "Cannot be stored just now, please post it again later")
        answer["Retry-After"] = "60"
        return answer
    for row in rows:
        # A courtesy: it cannot fail, and the sweep finds the row anyway.
        tasks.process_inbound.delay(row.pk)
    return _said(200, "Kept")


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
