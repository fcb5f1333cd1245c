"""The one source of time: the database's clock.

A worker's own clock may be wrong or jump. Each process asks the database once a minute and
counts on by its monotonic clock in between, so a page costs no query for the time.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection

_ASK_AGAIN_AFTER = 60.0
_asked: tuple[float, datetime] | None = None
_standing: datetime | None = None


def now() -> datetime:
    """The database's time, aware, in UTC, to within a few milliseconds."""
    global _asked
    if _standing is not None:
        return _standing
    tick = time.monotonic()
    if _asked is None or tick - _asked[0] > _ASK_AGAIN_AFTER:
        _asked = (tick, _ask_database())
    return _asked[1] + timedelta(seconds=tick - _asked[0])


@contextlib.contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let time stand at an aware moment: for loading what happened then (imports, demo)."""
    global _standing
    kept, _standing = _standing, moment
    try:
        yield
    finally:
        _standing = kept


def _ask_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        value: datetime = cursor.fetchone()[0]
    return value
