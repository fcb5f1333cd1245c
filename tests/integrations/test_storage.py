"""Files that no row names are found and go, and no other file."""

import os
import uuid

import pytest

from integrations import storage
from tests.factories import make_message, make_ticket
from tickets import attachments, clock
from tickets.content import NewFile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.STORAGE_DIR = str(tmp_path)
    return tmp_path


def _written(days_ago):
    path = attachments.path_of(uuid.uuid4())
    attachments.write_synced(path, b"left over")
    moment = clock.now().timestamp() - days_ago * 86_400
    os.utime(path, (moment, moment))
    return path


def _kept(days_ago):
    message = make_message(make_ticket())
    file = NewFile(name="a.txt", content_type="text/plain", data=b"kept")
    row = attachments.store(file, ticket=message.ticket, message=message)
    path = attachments.path_of(row.storage_key)
    moment = clock.now().timestamp() - days_ago * 86_400
    os.utime(path, (moment, moment))
    return path


def test_only_old_files_that_nothing_names_go():
    old, young, named = _written(2), _written(0.5), _kept(2)
    assert list(storage.orphans()) == [old]
    assert storage.sweep() == 1
    assert (old.exists(), young.exists(), named.exists()) == (False, True, True)
    assert storage.sweep() == 0


def test_what_is_not_ours_is_left_alone(folder):
    stranger = folder / "ab" / "cd" / "notes.txt"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("not ours")
    assert list(storage.orphans()) == []
