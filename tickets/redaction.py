"""The one door through which what was said can be taken back (decisions, Models and keys).

Messages, annotations and events are append-only: the database refuses every change of them,
except in a transaction that says it redacts (see the migration `append_only`). Whoever comes
through here records an event about it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connection, transaction


@contextlib.contextmanager
def door() -> Iterator[None]:
    """Open inside, shut again at the end; must stand in a transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A redaction stands in a transaction.")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL helpdesk.redacting = 'on'")
    try:
        yield
    finally:
        # After an error the transaction is over, and with it the setting.
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL helpdesk.redacting = 'off'")
