"""Asking DNS, in tasks only: what is not there is empty, what cannot be asked is an error."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.resolver

# How one record is asked for: name and type, its values as text.
Ask = Callable[[str, str], list[str]]
_PATIENCE_S = 5.0


class CannotAsk(Exception):
    """No server answered, or not in time: nothing is known."""


def ask(name: str, kind: str) -> list[str]:
    """The values of a name (`kind` is TXT, MX, A or AAAA); empty when there are none.

    Raises CannotAsk.
    """
    try:
        answer = resolver().resolve(name, kind, lifetime=_PATIENCE_S, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise CannotAsk(f"{name} {kind}: {error}") from error
    return [_text(record) for record in answer]


def resolver() -> dns.resolver.Resolver:
    """The system's; tests put their own server here."""
    return dns.resolver.get_default_resolver()


def _text(record: object) -> str:
    # A long TXT stands in pieces that belong together without a space (RFC 7208, 3.3).
    if strings := getattr(record, "strings", None):
        return b"".join(strings).decode("utf-8", "replace")
    return str(record)
