"""Access tokens for mailboxes whose provider takes no password (RFC 6749, 4.4 and 6).

A token is kept in this process until it is about to end. A new refresh token that comes with it
takes the place of the old one, sealed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import sealed
from integrations.models import Channel

_ANSWER_S = 15
# A token this close to its end is fetched anew.
_SPARE_S = 60
_UNTOLD_S = 300
_LONGEST = 300
_OK, _SERVER_ERROR = 200, 500


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """How to get a token: `grant` is refresh_token or client_credentials."""

    channel: int
    grant: str
    token_url: str
    client_id: str
    scope: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand in no message and no log."""
        return (self.client_secret, self.refresh_token)


def oauth_of(channel: Channel, secrets: dict[str, str]) -> OAuth | None:
    """How a channel gets its tokens; None where it signs in with a password."""
    config = channel.config
    if config.get("imap_auth") != "oauth":
        return None
    return OAuth(
        channel=channel.pk,
        grant=config.get("oauth_grant") or "refresh_token",
        token_url=config.get("oauth_token_url") or "",
        client_id=config.get("oauth_client_id") or "",
        scope=config.get("oauth_scope") or "",
        client_secret=secrets.get("oauth_client_secret", ""),
        refresh_token=secrets.get("oauth_refresh_token", ""),
    )


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token; `is_kept`: it was not fetched just now."""

    value: str = field(repr=False)
    ends_at: float
    is_kept: bool = False


class NoToken(Exception):
    """The provider gave none; the sentence is the provider's own.

    `is_refusal`: it understood and refused, so that trying again soon is no use.
    """

    def __init__(self, words: str, *, is_refusal: bool = False) -> None:
        super().__init__(words)
        self.is_refusal = is_refusal


_kept: dict[tuple[int, str, str, str], Token] = {}
_lock = threading.Lock()


def token_for(how: OAuth) -> Token:
    """A token that is good for another minute at least. Raises NoToken."""
    with _lock:
        kept = _kept.get(_key(how))
    if kept and kept.ends_at - _SPARE_S > time.monotonic():
        return replace(kept, is_kept=True)
    token = _fetched(how)
    with _lock:
        _kept[_key(how)] = token
    return token


def forget(how: OAuth) -> None:
    """The token in hand is not taken any more."""
    with _lock:
        _kept.pop(_key(how), None)


def _key(how: OAuth) -> tuple[int, str, str, str]:
    return (how.channel, how.token_url, how.client_id, how.scope)


def _fetched(how: OAuth) -> Token:
    asked = {"grant_type": how.grant, "client_id": how.client_id}
    asked |= {"client_secret": how.client_secret} if how.client_secret else {}
    asked |= {"scope": how.scope} if how.scope else {}
    if how.grant == "refresh_token":
        asked["refresh_token"] = how.refresh_token
    try:
        answer = httpx2.post(how.token_url, data=asked, timeout=_ANSWER_S, follow_redirects=False)
        said = _said(answer)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        words = _("%(url)s does not answer: %(error)s") % {"url": how.token_url, "error": error}
        raise NoToken(words) from error
    value = said.get("access_token")
    if answer.status_code != _OK or not isinstance(value, str) or not value:
        raise _refused(answer, said, how)
    if (fresh := said.get("refresh_token")) and fresh != how.refresh_token:
        _keep_refresh_token(how, str(fresh))
    return Token(value=value, ends_at=time.monotonic() + _seconds(said.get("expires_in")))


def _said(answer: httpx2.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refused(answer: httpx2.Response, said: dict[str, Any], how: OAuth) -> NoToken:
    """The words of RFC 6749, 5.2, or the first of the page."""
    words = " ".join(str(said[name]) for name in ("error", "error_description") if said.get(name))
    words = f"{answer.status_code} {words or answer.text[:_LONGEST]}"
    for secret in how.secrets:
        words = words.replace(secret, "***") if secret else words
    return NoToken(words, is_refusal=answer.status_code < _SERVER_ERROR)


def _seconds(said: Any) -> float:
    try:
        return max(0.0, float(said))
    except (TypeError, ValueError):
        return _UNTOLD_S


@transaction.atomic
def _keep_refresh_token(how: OAuth, fresh: str) -> None:
    """The old one may end at once (RFC 6749, 6), so the new one is stored before it is needed."""
    channel = Channel.objects.select_for_update(of=("self",)).get(pk=how.channel)
    sealed.put(channel, oauth_refresh_token=fresh)
    channel.save(update_fields=["sealed_key", "sealed_secrets"])
