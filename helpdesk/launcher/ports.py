"""Ports on the loopback interface."""

import os
import socket

from helpdesk.launcher.problems import Problem

TRIES = 50
HIGHEST = (1 << 16) - 1


def is_free(port: int) -> bool:
    """True when nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def any_free() -> int:
    """A port that the kernel says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def choose(name: str, *, default: int, taken: set[int]) -> int:
    """The port in the variable `name`, which must be free; else the default or the next free one.

    Adds the choice to `taken`. Raises Problem when the wanted one is in use.
    """
    wanted = os.environ.get(name)
    port = _wanted(name, wanted) if wanted else _next_free(default, taken=taken)
    taken.add(port)
    return port


def _wanted(name: str, text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= HIGHEST:
        raise Problem(f"{name} is {text!r}: use a port between 1 and {HIGHEST}.")
    if not is_free(int(text)):
        raise Problem(f"port {text} is taken: choose another, as in `make run {name}=8080`.")
    return int(text)


def _next_free(first: int, *, taken: set[int]) -> int:
    for port in range(first, first + TRIES):
        if port not in taken and is_free(port):
            return port
    raise Problem(f"ports {first} to {first + TRIES - 1} are all taken: stop what uses them.")
