"""The process in which `apart` lets a suspicious mail be read: a mail in, an `Inbound` out."""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
from typing import Any


def main() -> None:
    """Read one order and one mail from the input, answer on the output, and end."""
    answer = os.fdopen(os.dup(1), "wb")
    # What a library prints is no answer.
    os.dup2(2, 1)
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    _bind(resource.RLIMIT_CPU, order["cpu_s"])
    _bind(resource.RLIMIT_AS, order["memory"])
    _bind(resource.RLIMIT_CORE, 0)
    with answer:
        answer.write(_answer(data, order))


def _bind(what: int, limit: int) -> None:
    """Set a limit; not every system knows every one, and none may be raised."""
    _soft, hard = resource.getrlimit(what)
    wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    try:
        resource.setrlimit(what, (wanted, wanted))
    except (ValueError, OSError):
        print("a limit cannot be set:", what, file=sys.stderr)


def _answer(data: bytes, order: dict[str, Any]) -> bytes:
    # Imported below the limits: a library is no way around them.
    import django  # noqa: PLC0415

    django.setup()
    from django.utils import translation  # noqa: PLC0415

    from integrations.base import CannotParse  # noqa: PLC0415
    from integrations.email.parse import understand  # noqa: PLC0415

    with translation.override(order["language"]):
        try:
            inbound = understand(data, envelope=order["envelope"])
        except CannotParse as error:
            said = {"message": str(error), "reason": error.reason}
            return b"refused\n" + json.dumps(said).encode()
    return b"read\n" + pickle.dumps(inbound)


if __name__ == "__main__":
    main()
