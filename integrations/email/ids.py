"""Message-IDs of ours: their random part is the token that an answer brings back.

The token is made per delivery, so per recipient: who answers with it got that copy (security.md
M02). It has 160 random bits; the ticket's number alone threads nobody in.
"""

from __future__ import annotations

import secrets

from django.conf import settings

_PREFIX = "hd."


def new_token() -> str:
    """A token for one delivery: lower-case letters and digits only, mail servers keep it."""
    return secrets.token_hex(20)


def message_id(token: str) -> str:
    """The Message-ID that carries a token, with its angle brackets (RFC 5322, 3.6.4)."""
    return f"<{_PREFIX}{token}@{settings.MAIL_DOMAIN}>"


def token_in(remote_id: str) -> str | None:
    """The token of a Message-ID of ours, or None when it is somebody else's."""
    # Servers that write names in capitals have done so with ids.
    local, _at, domain = remote_id.strip().strip("<>").lower().rpartition("@")
    if domain != settings.MAIL_DOMAIN.lower() or not local.startswith(_PREFIX):
        return None
    return local.removeprefix(_PREFIX)
