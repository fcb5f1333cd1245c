"""Tests speak to this machine only: the interpreter itself reports each attempt to leave it."""

import ipaddress
import sys

import pytest

LOCAL_NAMES = {"", "localhost", "testserver"}
EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}


def is_local(host: str | bytes | None) -> bool:
    """True for names and addresses of this machine."""
    name = (host.decode() if isinstance(host, bytes) else host or "").lower()
    if name in LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _host(event: str, arguments: tuple) -> str | bytes | None:
    if event == "socket.getaddrinfo":
        return arguments[0]
    address = arguments[1]
    # Socket files and unconnected sends name no host.
    return address[0] if isinstance(address, tuple) else None


def forbid_outside() -> None:
    """From now on an attempt to leave this machine fails the test, whatever catches exceptions."""

    def watch(event: str, arguments: tuple) -> None:
        if event in EVENTS and not is_local(host := _host(event, arguments)):
            pytest.fail(f"the test tried to reach {host!r}: tests stay on this machine")

    sys.addaudithook(watch)
