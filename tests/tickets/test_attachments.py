"""Files: a name of ours, private, whole, and served as what they are (security.md R04, R05)."""

import hashlib
import stat
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import make_ticket
from tickets import attachments
from tickets.attachments import clean_name, path_of, read, served_type
from tickets.content import NewFile
from tickets.models import Attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def stored(db):
    def _store(**file):
        file = {"name": "a.txt", "content_type": "text/plain", "data": b"hello"} | file
        return attachments.store(NewFile(**file), ticket=make_ticket())

    return _store


def test_bytes_come_back_as_they_were(stored):
    attachment = stored(data=PNG)
    assert read(attachment) == PNG
    assert attachment.size == len(PNG)
    assert attachment.sha256 == hashlib.sha256(PNG).digest()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 5000, ""])
def test_the_senders_name_decides_nothing_on_disk(stored, name):
    attachment = stored(name=name)
    path = path_of(attachment.storage_key)
    root = Path(settings.STORAGE_DIR).resolve()
    assert path.resolve().is_relative_to(root)
    assert path.name == attachment.storage_key.hex
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("..\\..\\report.pdf", "report.pdf"),
        ("/tmp/../report.pdf", "report.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        ("Überschrift 表.txt", "Überschrift 表.txt"),
    ],
)
def test_names_are_shown_without_tricks(name, kept):
    assert clean_name(name) == kept


def test_a_long_name_keeps_its_ending():
    assert clean_name("x" * 500 + ".pdf") == "x" * 196 + ".pdf"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"<svg xmlns=''><script>alert(1)</script></svg>", None),
        (b"<html>", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_only_proven_pictures_are_shown_in_place(data, kind):
    assert served_type(data) == kind


def test_a_full_disk_leaves_no_row(stored, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(attachments.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        stored()
    assert not Attachment.objects.exists()


def test_a_name_on_disk_is_never_written_over(tmp_path):
    attachments.write_synced(tmp_path / "a", b"first")
    with pytest.raises(FileExistsError):
        attachments.write_synced(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_without_a_type_it_is_of_unknown_kind(stored):
    assert stored(content_type="").content_type == "application/octet-stream"
