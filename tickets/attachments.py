"""Files: stored under a name of ours, served as what their bytes prove them to be.

The sender's name and type survive as data only (security.md R04, R05). A file is on disk and
synced before its row commits; a row that rolled back leaves bytes that no row names.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from tickets.models import Annotation, Attachment, Draft, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from tickets.content import NewFile
    from tickets.models import Ticket

_NAME_LIMIT = 200
MOST_TOGETHER = 20 << 20
"""Bytes of all files of one message together; many mail servers take no more."""

# Only these are ever shown in place; everything else is a download of unknown kind.
_RASTER_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def store(
    file: NewFile,
    *,
    ticket: Ticket,
    message: Message | None = None,
    annotation: Annotation | None = None,
    draft: Draft | None = None,
) -> Attachment:
    """Write the bytes to storage and make the row that says where they are.

    Raises OSError when storage is full or away; nothing is half stored then.
    """
    key = uuid.uuid4()
    write_synced(path_of(key), file.data)
    return Attachment.objects.create(
        ticket=ticket,
        message=message,
        annotation=annotation,
        draft=draft,
        name=clean_name(file.name),
        content_type=file.content_type[:100] or "application/octet-stream",
        content_id=file.content_id[:255],
        size=len(file.data),
        sha256=hashlib.sha256(file.data).digest(),
        storage_key=key,
    )


def read(attachment: Attachment) -> bytes:
    """The stored bytes. Raises OSError when they are missing."""
    return path_of(attachment.storage_key).read_bytes()


def drop(files: QuerySet[Attachment]) -> None:
    """Delete files that nobody was sent, rows at once, bytes when that is committed."""
    paths = [path_of(key) for key in files.values_list("storage_key", flat=True)]
    files.delete()
    transaction.on_commit(lambda: _unlink(paths), robust=True)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def served_type(data: bytes) -> str | None:
    """The raster image type these bytes begin as, or None: then they are only downloaded."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _RASTER_MAGIC if data.startswith(magic)), None)


def path_of(key: uuid.UUID) -> Path:
    """Where the bytes of a storage key stand: two levels of folders, a name of our making."""
    name = key.hex
    return Path(settings.STORAGE_DIR) / name[:2] / name[2:4] / name


def write_synced(path: Path, data: bytes) -> None:
    """Write a new private file so that it survives a power cut once this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean_name(name: str) -> str:
    """The sender's file name without folders, control and direction marks, of bearable length."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()
    return kept.strip(". ")[-_NAME_LIMIT:] or "file"
