"""New text is never folded away; history is, where there is no doubt."""

from functools import partial

import pytest

from integrations.email import html, quotes
from tests.work import lines_run

FOLDED = [
    ("Hi\n\nOn Mon, 1 Jan 2024 at 10:00, Bob <b@x.example> wrote:\n> old\n> older", "Hi"),
    ("Hi\n\nOn Mon, 1 Jan 2024 at 10:00 PM Somebody <\nsomebody@x.example> wrote:\n> old", "Hi"),
    ("Danke!\n\nAm 01.02.2024 um 10:00 schrieb Foo <\nfoo@x.example>:\n> alt", "Danke!"),
    ("Merci\n\nLe lun. 1 janv. 2024, Bob a écrit :\n> vieux", "Merci"),
    ("Hi\n\n-----Original Message-----\nFrom: x\nSent: y\nTo: z\nSubject: q\n\nold", "Hi"),
    ("Ok\n\n________________________________\nFrom: A\nSent: B\nTo: c\nSubject: d\n\nold", "Ok"),
    ("neu\n\nVon: A\nGesendet: B\nAn: c\nBetreff: d\n\nalt", "neu"),
    ("Hi\n> old", "Hi"),
    ("On Mon, Bob wrote:\n> old\n\nmy answer", "my answer"),
    ("> old\n> older\n\nmy answer", "my answer"),
]
KEPT = [
    "Just text",
    "",
    "Hi\n> question\nanswer\n> question\nanswer",
    "> question\nanswer\n> question\nanswer",
    "Hi\n\nOn Mon, Bob wrote:\n> old\n\nmy answer below",
    "> only a quote",
    "On Mon, Bob wrote:\n> only a quote",
    "FYI\n\n---------- Forwarded message ---------\nFrom: x\nDate: y\nSubject: z\n\nbody",
    "Begin forwarded message:\n\n> From: x\n> Subject: y\n>\n> body",
    "My list:\n- one\n- two",
    "From: me\n\nis what I typed",
    "-- \nsignature",
]


@pytest.mark.parametrize(("text", "new"), FOLDED)
def test_history_is_folded(text, new):
    body, quoted = quotes.split(text, is_answer=True)
    assert body == new
    assert quoted
    assert set(text.split()) == set(body.split()) | set(quoted.split())


@pytest.mark.parametrize("text", KEPT)
def test_a_doubt_keeps_the_text(text):
    assert quotes.split(text, is_answer=True) == (text.strip("\n").rstrip(), "")


def test_an_original_message_in_a_new_mail_is_what_is_sent():
    text = "See below\n\n-----Original Message-----\nFrom: x\nSent: y\nTo: z\n\nimportant"
    assert quotes.split(text, is_answer=False)[1] == ""


def test_blocks_quoted_in_html_are_marked():
    old = "<blockquote>old<blockquote>older</blockquote></blockquote>"
    markup = f"<p>New</p><div>On Mon, Bob wrote:</div>{old}"
    body, quoted = quotes.split(html.to_text(markup), is_answer=True)
    assert body == "New"
    assert "> > older" in quoted


def test_text_below_a_block_quoted_in_html_is_not_lost():
    markup = "<p>Hi</p><blockquote>old</blockquote><p>inline answer</p>"
    assert "inline answer" in quotes.split(html.to_text(markup), is_answer=True)[0]


@pytest.mark.parametrize(
    "unit",
    [
        "2024/1/1 " + "<@>" * 49 + "\n",
        "On " + "wrote: " * 20 + ":\n",
        "-" * 150 + "\n",
        ">\n",
        "a:\n",
        "From:\n",
    ],
)
def test_work_grows_with_the_length_alone(unit):
    short, long = (
        lines_run(partial(quotes.split, is_answer=True), unit * (size // len(unit)))
        for size in (2_000, 20_000)
    )
    assert long <= 12 * short
    # A search that goes back and forth would keep this one busy until the runner ends it.
    quotes.split(unit * (1_000_000 // len(unit)), is_answer=True)


@pytest.mark.parametrize("unit", ["<div>", "<blockquote>", "<table><tr><td>", "<b", "&", "</p>"])
def test_hostile_html_comes_to_an_end(unit):
    assert isinstance(html.to_text(unit * 5_000 + "x"), str)
