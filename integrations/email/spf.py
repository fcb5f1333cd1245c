"""Reading an SPF record as far as its owner can repair it (RFC 7208).

This judges the record, not a mail: how many questions it costs, how it ends, which includes are
broken, and which addresses it names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from integrations.dns import Ask

MOST_QUESTIONS = 10
_TERM = re.compile(r"([+\-~?]?)([a-z0-9]+)(?:[:=]([^\s/]+))?((?:/\d+){0,2})", re.IGNORECASE)
_ASKING = {"include", "a", "mx", "ptr", "exists", "redirect"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Record:
    """What a record and all it includes say."""

    texts: list[str] = field(default_factory=list)
    questions: int = 0
    end: str = ""
    broken: list[str] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)

    def names(self, address: str) -> bool:
        """Whether an IP address may send."""
        place = ipaddress.ip_address(address)
        return any(place in network for network in self.networks)


def texts_of(domain: str, *, ask: Ask) -> list[str]:
    """The SPF records of a domain; there must be one. Raises CannotAsk."""
    found = ask(domain, "TXT")
    return [text for text in found if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def read(domain: str, *, ask: Ask) -> Record:
    """The record of a domain with all it includes. Raises CannotAsk."""
    record = Record(texts=texts_of(domain, ask=ask))
    if len(record.texts) == 1:
        record.end = _walk(record, domain, record.texts[0], ask=ask)
    return record


def _walk(record: Record, domain: str, text: str, *, ask: Ask) -> str:
    """Follow one record; gives the sign before its `all` ("" when it has none)."""
    end = ""
    for term in text.split()[1:]:
        match = _TERM.fullmatch(term)
        if match is None:
            record.broken.append(term)
            continue
        sign, name, value, length = match[1] or "+", match[2].lower(), match[3] or "", match[4]
        if name == "all":
            return sign
        record.questions += name in _ASKING
        if record.questions > MOST_QUESTIONS:
            return end
        if name in {"include", "redirect"}:
            inner = _included(record, value, ask=ask)
            end = inner if name == "redirect" else end
        elif sign == "+":
            record.networks += _networks(name, value or domain, length, ask=ask)
    return end


def _included(record: Record, domain: str, *, ask: Ask) -> str:
    texts = texts_of(domain, ask=ask) if domain and "%" not in domain else []
    if len(texts) != 1:
        if "%" not in domain:
            record.broken.append(f"include:{domain}")
        return ""
    return _walk(record, domain, texts[0], ask=ask)


def _networks(name: str, value: str, length: str, *, ask: Ask) -> list[Network]:
    if name in {"ip4", "ip6"}:
        return _parsed([f"{value}{length}"])
    hosts = {"a": [value], "mx": [_host(line) for line in ask(value, "MX")] if name == "mx" else []}
    return _parsed(
        address
        for host in hosts.get(name, [])
        for kind in ("A", "AAAA")
        for address in ask(host, kind)
    )


def _host(mx: str) -> str:
    """The name in an MX value: "10 mail.example."."""
    return mx.rpartition(" ")[2].rstrip(".")


def _parsed(texts: Iterable[str]) -> list[Network]:
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            continue
    return found
