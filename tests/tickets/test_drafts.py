"""What is being written is kept, and what is thrown away leaves nothing behind."""

import pytest

from tests.factories import make_ticket
from tickets import attachments
from tickets.actions import drafts
from tickets.content import NewFile
from tickets.errors import Incomplete
from tickets.models import Attachment, Draft, DraftKind

FILE = NewFile(name="trace.log", content_type="text/plain", data=b"boom")


@pytest.fixture
def ticket(queue):
    return make_ticket(queue=queue)


@pytest.fixture
def attached(ticket, agent, django_capture_on_commit_callbacks):
    """A file on a draft; afterwards neither its row nor its bytes may be left."""
    file = drafts.add_files(ticket, [FILE], by=agent.scope).attachments.get()
    with django_capture_on_commit_callbacks(execute=True):
        yield file
    assert not Attachment.objects.exists()
    assert not attachments.path_of(file.storage_key).exists()


def test_a_draft_follows_the_typing_and_goes_when_emptied(ticket, agent):
    first = drafts.save(ticket, DraftKind.REPLY, "Hel", by=agent.scope)
    again = drafts.save(ticket, DraftKind.REPLY, "Hello", by=agent.scope)
    assert (again.pk, again.body) == (first.pk, "Hello")
    other = drafts.save(ticket, DraftKind.ANNOTATION, "Psst", by=agent.scope)
    assert other.pk != first.pk
    assert drafts.save(ticket, DraftKind.REPLY, " ", by=agent.scope) is None
    assert Draft.objects.get() == other


def test_an_emptied_text_stays_empty_and_keeps_its_files(ticket, agent):
    drafts.add_files(ticket, [FILE], by=agent.scope)
    drafts.save(ticket, DraftKind.REPLY, "Hello", by=agent.scope)
    drafts.save(ticket, DraftKind.REPLY, "", by=agent.scope)
    draft = Draft.objects.get()
    assert (draft.body, draft.attachments.count()) == ("", 1)


def test_a_file_taken_off_is_gone(ticket, agent, attached):
    drafts.remove_file(ticket, attached.pk, by=agent.scope)


def test_a_draft_thrown_away_takes_its_files_along(ticket, agent, attached):
    drafts.discard(ticket, DraftKind.REPLY, by=agent.scope)


def test_nobody_takes_a_file_off_somebody_elses_draft(ticket, agent, lead):
    file = drafts.add_files(ticket, [FILE], by=agent.scope).attachments.get()
    drafts.remove_file(ticket, file.pk, by=lead.scope)
    drafts.discard(ticket, DraftKind.REPLY, by=lead.scope)
    assert attachments.read(Attachment.objects.get()) == b"boom"


def test_files_together_are_never_more_than_a_mail_carries(ticket, agent, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_TOGETHER", 10)
    draft = drafts.add_files(ticket, [FILE, FILE], by=agent.scope)
    with pytest.raises(Incomplete, match=r"12.bytes together, and 10.bytes is the most"):
        drafts.add_files(ticket, [FILE], by=agent.scope)
    assert draft.attachments.count() == 2
