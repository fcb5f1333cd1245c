"""What a mail server we trust found out about the sender (RFC 8601).

Anybody can write an Authentication-Results header, so only those are read that name a server of
ours and stand above the first Received header, where no sender can put one (security.md M13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings

from integrations.base import Authentication
from integrations.email import headers

if TYPE_CHECKING:
    from email.message import Message

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(dkim|spf|dmarc)\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.(?:from|d|i)|smtp\.mailfrom)\s*=\s*\"?(?:[^\s;\"@]*@)?([\w.-]+)", re.IGNORECASE
)


def authentication_of(message: Message, *, address: str | None) -> Authentication:
    """PASS when the domain of `address` is vouched for, FAIL when it was found forged."""
    if address is None:
        return Authentication.NONE
    domain = address.rpartition("@")[2]
    found = [result for value in _ours(message) for result in _results(value)]
    dmarc = {verdict for method, verdict, _about in found if method == "dmarc"}
    aligned = any(
        # DMARC is about the From header by definition, also where the server does not repeat it.
        verdict == "pass" and (_belongs(about, domain) or (method == "dmarc" and not about))
        for method, verdict, about in found
    )
    spf_failed = any(method == "spf" and verdict == "fail" for method, verdict, _about in found)
    if "fail" in dmarc or (spf_failed and not aligned and not dmarc):
        return Authentication.FAIL
    return Authentication.PASS if aligned else Authentication.NONE


def _ours(message: Message) -> list[str]:
    values = []
    for name, value in message.raw_items():
        if name.lower() == "received":
            break
        if name.lower() == "authentication-results":
            values.append(headers.unfolded(str(value)))
    trusted = {name.lower() for name in settings.TRUSTED_AUTHSERV_IDS}
    return [value for value in values if _server_of(value) in trusted]


def _server_of(value: str) -> str:
    first = _COMMENT.sub(" ", value).partition(";")[0].split()
    return first[0].lower() if first else ""


def _results(value: str) -> list[tuple[str, str, str]]:
    """Each method, its verdict, and the domain it is about."""
    results = []
    for part in _COMMENT.sub(" ", value).split(";")[1:]:
        if found := _RESULT.match(part):
            about = _DOMAIN.search(part)
            results.append((found[1].lower(), found[2].lower(), about[1].lower() if about else ""))
    return results


def _belongs(about: str, domain: str) -> bool:
    """Whether a checked domain speaks for the sender's: the same, or one above or below it."""
    if "." not in about:
        return False
    return about == domain or domain.endswith(f".{about}") or about.endswith(f".{domain}")
