"""The corpus of our own, through the parser and through the pipe: every mail is read as it says."""

import io
import json

import pytest
from django.core.management import call_command

from integrations.base import CannotParse
from integrations.email.parse import parse
from tests.integrations.corpus import CASES
from tests.integrations.mail import MAILBOX, make_channel
from tickets import rendering

LOOSE = {"text", "html"}


def same(field, found, said):
    """Whether a printed value is what the case says, loosely where white space says nothing."""
    if field in LOOSE and isinstance(found, str) and isinstance(said, str):
        return [line.rstrip() for line in found.strip().split("\n") if line.strip()] == [
            line.rstrip() for line in said.strip().split("\n") if line.strip()
        ]
    if field == "attachments":
        return [(each["name"], each["type"], each["size"]) for each in found] == list(said)
    return found == said


def test_the_corpus_is_large_and_every_case_says_something():
    assert len(CASES) >= 300


@pytest.mark.promise("S1.1")
@pytest.mark.promise("S4.13")
@pytest.mark.django_db
def test_every_mail_is_read_as_it_says(tmp_path):
    make_channel()
    paths = {}
    for name, case in CASES.items():
        path = tmp_path / f"{name}.eml"
        path.write_bytes(case.data)
        paths[str(path)] = name
    out = io.StringIO()
    call_command("receive_email", *paths, mailbox=MAILBOX, stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["file"] for line in lines] == list(paths)
    wrong = [
        (paths[line["file"]], field, line[field], said)
        for line in lines
        for field, said in CASES[paths[line["file"]]].says.items()
        if not same(field, line[field], said)
    ]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("name", sorted(name for name in CASES if name.startswith("markup-")))
@pytest.mark.promise("S4.13")
def test_no_hostile_page_keeps_what_it_came_with(name):
    cleaned = rendering.clean_html(parse(CASES[name].data, envelope={}).content.html).lower()
    for sign in ("<script", "onerror=", "onload=", "javascript:", "src=", "<style", "<iframe"):
        assert sign not in cleaned


@pytest.mark.parametrize("name", sorted(name for name in CASES if not name.startswith("bombs-")))
def test_the_same_bytes_are_read_the_same(name):
    assert outcome(CASES[name].data) == outcome(CASES[name].data)


def outcome(data):
    try:
        return parse(data, envelope={})
    except CannotParse as error:
        return (error.reason, str(error))
