"""Why an action was refused, in words for the person who asked.

Pages show the message beside the kept text, the API sends it with `code`, mail commands log it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickets.models import Message


class Refused(Exception):
    """The base: `str()` is a sentence that says what to do, `code` is for machines."""

    code = "refused"


class NotAllowedNow(Refused):
    """The ticket's state does not admit this (a status that may not follow)."""

    code = "not_allowed_now"


class Incomplete(Refused):
    """Something needed is missing; `field` names it."""

    code = "incomplete"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class Conflict(Refused):
    """Somebody else changed the same thing since it was read."""

    code = "conflict"


class Stale(Conflict):
    """The conversation moved since the author last saw it (S2.4); `newer` is what came in."""

    code = "stale"

    def __init__(self, message: str, *, newer: Sequence[Message]) -> None:
        super().__init__(message)
        self.newer = newer


class TooLate(Refused):
    """What should be undone has already happened."""

    code = "too_late"
