"""Reading a suspicious mail in a process of its own, which may die of it (security.md M10).

A new interpreter, not a fork: workers may be daemons with threads, and macOS forks neither well.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.base import CannotParse, Inbound

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMAND = (sys.executable, "-m", "integrations.email.child")
# What the child may hand back: plain data of ours, named one by one.
_SAFE = {
    *(("integrations.base", name) for name in ("Inbound", "Person", "Report")),
    *(("integrations.base", name) for name in ("Authentication", "Machine", "Fate")),
    *(("tickets.content", name) for name in ("Content", "NewFile")),
    *(("tickets.states", name) for name in ("IdentityKind",)),
    *(("tickets.models.timeline", name) for name in ("BodyFormat",)),
    *(("datetime", name) for name in ("datetime", "timezone", "timedelta")),
}


class TooHeavy(CannotParse):
    """Reading it took more memory or time than a mail may take."""

    reason = "too_heavy"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the child may use: bytes of memory, seconds of processor, seconds in all."""

    memory: int = 1024**3
    cpu_s: int = 20
    wall_s: int = 40


def parse(
    data: bytes,
    *,
    envelope: dict[str, Any],
    bounds: Bounds | None = None,
    command: Sequence[str] = _COMMAND,
) -> Inbound:
    """As `parse.parse`, within bounds.

    Raises CannotParse, or TooHeavy when the child died of it; OSError or RuntimeError when there
    is no process to be had, for no fault of the mail.
    """
    bounds = bounds or Bounds()
    order = {"envelope": envelope, "language": get_language()}
    limits = {"memory": bounds.memory, "cpu_s": bounds.cpu_s}
    head = json.dumps({**order, **limits}).encode()
    try:
        done = subprocess.run(
            command,
            input=head + b"\n" + data,
            capture_output=True,
            timeout=bounds.wall_s,
            check=False,
            cwd=settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE},
        )
    except subprocess.TimeoutExpired as error:
        raise TooHeavy(_too_heavy(bounds)) from error
    if done.returncode < 0 or b"MemoryError" in done.stderr:
        raise TooHeavy(_too_heavy(bounds))
    return _told(done.stdout, done.stderr)


def _told(answer: bytes, errors: bytes) -> Inbound:
    word, _newline, rest = answer.partition(b"\n")
    if word == b"refused":
        said = json.loads(rest)
        error = CannotParse(said["message"])
        error.reason = said["reason"]
        raise error
    if word != b"read":
        # It ended for no fault of the mail: the original waits and is read later.
        raise RuntimeError(f"the child process failed: {errors[-500:].decode(errors='replace')}")
    found = _Plain(io.BytesIO(rest)).load()
    assert isinstance(found, Inbound)
    return found


def _too_heavy(bounds: Bounds) -> str:
    return _(
        "Reading the mail took more than %(seconds)d seconds or %(memory)d MB of memory, so it "
        "was stopped. The original can be downloaded."
    ) % {"seconds": bounds.cpu_s, "memory": bounds.memory >> 20}


class _Plain(pickle.Unpickler):
    """Builds the listed classes and nothing else, whatever the bytes ask for."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        """The class, if it is one of those. Raises UnpicklingError."""
        if (module_name, global_name) not in _SAFE:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain data")
        return super().find_class(module_name, global_name)
