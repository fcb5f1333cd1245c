"""What a mail server we trust found out about the sender (RFC 8601).

Anybody can write an Authentication-Results header, so only those are read that name a server of
ours and stand above the first Received header, where no sender can put one (security.md M13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings

from integrations.base import Authentication
from integrations.email import headers, verify

if TYPE_CHECKING:
    from email.message import Message

_MARK = re.compile(r"\\.|.", re.DOTALL)
_RESULT = re.compile(r"\s*(dkim|spf|dmarc)\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.(?:from|d|i)|smtp\.mailfrom)\s*=\s*(?:[^\s;@]*@)?([\w.-]++)(?!@)", re.IGNORECASE
)


def authentication_of(
    message: Message, *, address: str | None, data: bytes = b""
) -> Authentication:
    """PASS when the domain of `address` is vouched for, FAIL when it was found forged.

    Where no server of ours has said anything, the signatures in `data`, the mail's bytes, do.
    """
    if address is None:
        return Authentication.NONE
    domain = address.rpartition("@")[2]
    verdicts = _ours(message)
    if not verdicts and data and verify.vouches(data, message, domain=domain):
        return Authentication.PASS
    return _verdict(verdicts, domain=domain)


def _verdict(verdicts: list[str], *, domain: str) -> Authentication:
    found = [result for value in verdicts for result in _results(value)]
    dmarc = {verdict for method, verdict, _about in found if method == "dmarc"}
    aligned = any(
        # DMARC is about the From header by definition, also where the server does not repeat it.
        verdict == "pass"
        and (method == "dmarc" or about)
        and all(_belongs(named, domain) for named in about)
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
    first = _bare(value).partition(";")[0].split()
    return first[0].lower() if first else ""


def _results(value: str) -> list[tuple[str, str, list[str]]]:
    """Each method, its verdict, and the domains it is about."""
    results = []
    for part in _bare(value).split(";")[1:]:
        if found := _RESULT.match(part):
            about = [domain.lower() for domain in _DOMAIN.findall(part)]
            results.append((found[1].lower(), found[2].lower(), about))
    return results


def _bare(value: str) -> str:
    """Without comments and quoted strings: servers repeat there what the sender said, and that
    is no result (RFC 5322, 3.2.2 and 3.2.4).
    """
    kept, depth, is_quoted = [], 0, False
    for mark in _MARK.findall(value):
        if is_quoted:
            is_quoted = mark != '"'
        elif depth or mark == "(":
            depth += {"(": 1, ")": -1}.get(mark, 0)
            kept.append(" ")
        elif mark == '"':
            is_quoted = True
        else:
            kept.append(mark)
    return "".join(kept)


def _belongs(about: str, domain: str) -> bool:
    """Whether a checked domain speaks for the sender's: both are of one organisation.

    One that only shares a public suffix, as neighbours below `github.io` do, does not.
    """
    if "." not in about:
        return False
    return verify.organisation_of(about) == verify.organisation_of(domain)
