"""Locks by name, held in PostgreSQL: they end with the transaction or the connection."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

_are_needed = True


def in_turn(name: str) -> None:
    """Wait until nobody else holds the name; ours until this transaction ends."""
    if not _are_needed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(name)])


@contextlib.contextmanager
def not_needed() -> Iterator[None]:
    """Take no turns inside: for one long transaction that is taken back at its end. It would
    hold a lock for each mail, and a server has only some thousands for everybody.
    """
    global _are_needed
    _are_needed = False
    try:
        yield
    finally:
        _are_needed = True


@contextlib.contextmanager
def alone(name: str, *, is_patient: bool = False) -> Iterator[bool]:
    """True while nobody else is inside under this name, in any process; False otherwise.

    `is_patient` waits for some seconds (lock_timeout): the server takes a moment to notice that
    whoever was inside was killed.
    """
    with connection.cursor() as cursor:
        mine = _waited(cursor, name) if is_patient else _tried(cursor, name)
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])


def _tried(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
    return bool(cursor.fetchone()[0])


def _waited(cursor: Any, name: str) -> bool:
    try:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_number(name)])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    return True


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
