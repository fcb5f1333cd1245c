"""Doing the whole work and keeping nothing of it, so that what it says is what would happen."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Max

from integrations import locks
from tickets.models import Message, Ticket

# Their numbers are told to people: the real run after a rehearsal gives the same ones.
_NUMBERED: tuple[type[models.Model], ...] = (Ticket, Message)
_PATIENCE = "1s"


@contextlib.contextmanager
def nothing_kept() -> Iterator[None]:
    """Whatever happens inside leaves no row, no file and no number taken, and wakes nobody.

    It is one transaction: others wait for it where they write the same, so it should be short.
    """
    before = {model: _last_number(model) for model in _NUMBERED}
    kept = settings.STORAGE_DIR
    try:
        with (
            tempfile.TemporaryDirectory(prefix="dry-run-") as folder,
            locks.not_needed(),
            transaction.atomic(),
        ):
            settings.STORAGE_DIR = Path(folder)
            try:
                yield
            finally:
                settings.STORAGE_DIR = kept
                transaction.set_rollback(True)
    finally:
        for model, number in before.items():
            # Who cannot have it back leaves a gap, as any transaction that fails does.
            with contextlib.suppress(DatabaseError):
                _give_back(model, number)


def _last_number(model: type[models.Model]) -> int | None:
    """The last number that was given away; None when none was yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)",
            _column(model),
        )
        number: int | None = cursor.fetchone()[0]
    return number


@transaction.atomic
def _give_back(model: type[models.Model], last: int | None) -> None:
    """Count on from `last`, or from the highest number that somebody else used meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        # Whoever took a number has this table's row lock until the number is used for good.
        cursor.execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        highest = model._default_manager.aggregate(highest=Max("pk"))["highest"]
        number = max(last or 0, highest or 0)
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s)::regclass, %s, %s)",
            [*_column(model), number or 1, bool(number)],
        )


def _column(model: type[models.Model]) -> list[Any]:
    assert model._meta.pk is not None
    return [f'"{model._meta.db_table}"', model._meta.pk.column]
