"""Files that nothing names: left when a transaction rolled back after its file was written.

They are harmless and go after a day, long after any transaction that could still name them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import structlog
from django.conf import settings

from integrations.models import RawInbound
from tickets import clock
from tickets.models import Attachment

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=1)
_BATCH = 500


def orphans(*, older_than: timedelta = KEPT_FOR) -> Iterator[Path]:
    """Stored files of some age that neither an attachment nor an original names (I10)."""
    old = _older_files((clock.now() - older_than).timestamp())
    while batch := dict(islice(old, _BATCH)):
        named = {*_named_by(Attachment, batch), *_named_by(RawInbound, batch)}
        yield from (path for key, path in batch.items() if key not in named)


def sweep() -> int:
    """Remove the orphans; gives how many. Twice at once does no harm."""
    removed = 0
    for path in orphans():
        path.unlink(missing_ok=True)
        removed += 1
    if removed:
        log.info("orphan_files_removed", count=removed)
    return removed


def _older_files(before: float) -> Iterator[tuple[uuid.UUID, Path]]:
    """Files of our making, two folders deep, by the key that is their name."""
    for path in Path(settings.STORAGE_DIR).glob("??/??/" + "?" * 32):
        if path.is_file() and path.stat().st_mtime < before:
            yield uuid.UUID(hex=path.name), path


def _named_by(
    model: type[Attachment | RawInbound], keys: Iterable[uuid.UUID]
) -> Iterable[uuid.UUID | None]:
    return model._default_manager.filter(storage_key__in=list(keys)).values_list(
        "storage_key", flat=True
    )
