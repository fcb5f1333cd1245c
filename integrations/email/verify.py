"""Our own look at the sender's claim, where no server we trust has told its verdict.

A valid DKIM signature (RFC 6376) of the domain in From, or of one that DMARC aligns with it (RFC
7489, 3.1), vouches for the sender. A missing or broken one proves nothing: mail changes on its
way, and SPF is only known to the server that took it. So this never says FAIL.

A mail never waits for it longer than `WAIT_S`, and where nobody answers, others are not asked
for a while.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import dkim
import dns.exception
import dns.resolver
import structlog
from authheaders.dmarc_lookup import receiver_record  # type: ignore[import-untyped]
from django.conf import settings
from publicsuffix2 import PublicSuffixList  # type: ignore[import-untyped]

from integrations.email import headers

if TYPE_CHECKING:
    from email.message import Message

log = structlog.get_logger(__name__)

WAIT_S = 5
# Nobody answered: for so long no other mail waits for it.
_REST_S = 300
_MOST_SIGNATURES = 3
_ONCE = ("from", "subject", "date", "to", "cc", "message-id", "content-type", "reply-to")
_TAG = re.compile(r"(?:^|;)\s*(\w+)\s*=\s*([^;]*)")
_BARE_CR = re.compile(rb"\r(?!\n)")
# What a page shows is read again without asking anybody.
_MAY_ASK = {"worker", "command", "listener"}

_rests_until = 0.0


def vouches(data: bytes, message: Message, *, domain: str) -> bool:
    """Whether a valid signature in the mail speaks for the domain. Never raises."""
    if not settings.VERIFY_DKIM or settings.ROLE not in _MAY_ASK or time.monotonic() < _rests_until:
        return False
    places = _aligned(message, domain=domain)
    if not places or _is_doubled(message):
        return False
    asks = _Questions()
    try:
        signers = _signers(data, message, places, asks)
        return _speaks(signers, domain, asks)
    # A signature is the sender's text, and the libraries trust it more than we do.
    except Exception as error:  # noqa: BLE001
        log.info("dkim_not_verified", domain=domain, error=f"{type(error).__name__}: {error}")
        return False


def _aligned(message: Message, *, domain: str) -> list[int]:
    """The places of the signatures that may speak for the domain."""
    found = []
    for place, value in enumerate(headers.raw_values(message, "DKIM-Signature")):
        tags = {name.lower(): said.strip() for name, said in _TAG.findall(value)}
        if _is_of(tags.get("d", ""), domain):
            found.append(place)
    return found[:_MOST_SIGNATURES]


def _is_of(signer: str, domain: str) -> bool:
    return bool(signer) and organisation_of(signer.lower()) == organisation_of(domain)


def _is_doubled(message: Message) -> bool:
    """Whether a header stands there twice: a signature covers one, a reader may take the other."""
    return any(len(headers.raw_values(message, name)) > 1 for name in _ONCE)


def _wanted(message: Message) -> set[bytes]:
    """What a signature has to cover: whatever a reader takes for the sender's own."""
    return {b"from"} | ({b"subject"} if "subject" in message else set())


def _signers(data: bytes, message: Message, places: list[int], asks: _Questions) -> set[str]:
    """The domains of the valid signatures among those; read as the library read them.

    One that covers a part of the text lets anybody add to it (RFC 6376, 8.2).
    """
    signers, wants = set(), _wanted(message)
    for place in places:
        signed = dkim.DKIM(data)
        if not (_is_as_read(signed, message) and signed.verify(idx=place, dnsfunc=asks.key)):
            continue
        tags = signed.signature_fields
        covered = {name.strip().lower() for name in tags.get(b"h", b"").split(b":")}
        if b"l" not in tags and wants <= covered:
            signers.add(tags[b"d"].decode("ascii").lower())
    return signers


def _is_as_read(signed: dkim.DKIM, message: Message) -> bool:
    """Whether the headers end for the library where they end for us: it goes on behind a bare CR
    and a line "From …", and what a stranger adds there would be signed text to a reader."""
    theirs = [name.decode("ascii", "replace").lower() for name, _value in signed.headers]
    is_cut = any(_BARE_CR.search(value) for _name, value in signed.headers)
    return not is_cut and theirs == [name.lower() for name, _value in message.raw_items()]


def _speaks(signers: set[str], domain: str, asks: _Questions) -> bool:
    """Whether one speaks for the domain: the very one, where the domain demands that (adkim=s)."""
    if domain in signers:
        return True
    if not any(_is_of(signer, domain) for signer in signers):
        return False
    record, _where = receiver_record(domain, dnsfunc=asks.text)
    return str(record.get("adkim", "r")).strip() != "s"


@lru_cache(maxsize=2_000)
def organisation_of(domain: str) -> str:
    """The organisational domain, by the public suffix list (RFC 7489, 3.2).

    Below an ending the list does not know each name is an organisation of its own.
    """
    domain = domain.rstrip(".")
    found = str(_suffixes().get_public_suffix(domain) or domain)
    return found if "." in found else ".".join(domain.split(".")[-2:])


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    with (files("authheaders") / "public_suffix_list.txt").open(encoding="utf-8") as text:
        return PublicSuffixList(text)


class _Questions:
    """What one mail asks the DNS, within one limit for all of it."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + WAIT_S

    def key(self, name: bytes | str, timeout: float = WAIT_S) -> bytes:  # noqa: ARG002 - dkimpy's
        """A key record, as dkimpy asks for one."""
        asked = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        return self.text(asked.rstrip(".")).encode("latin-1", "replace")

    def text(self, name: str) -> str:
        """A text record, "" when there is none."""
        global _rests_until
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            return answers(name, left)
        except (dns.exception.Timeout, dns.resolver.NoResolverConfiguration, OSError):
            _rests_until = time.monotonic() + _REST_S
            raise


def ask(name: str, seconds: float) -> str:
    """The first text record of a name, "" for none; asks the DNS that this machine uses.

    Raises dns.exception.Timeout when nobody answers in time, NoResolverConfiguration or OSError.
    """
    try:
        found = _resolver().resolve(name, "TXT", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.NoNameservers):
        return ""
    return b"".join(found[0].strings).decode("latin-1")


@lru_cache(maxsize=1)
def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver()
    resolver.cache = dns.resolver.LRUCache(2_000)
    return resolver


# Who answers; tests put their own in its place.
answers = ask
