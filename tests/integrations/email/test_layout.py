"""The sender's layout of the new text alone: never less than the text, never the history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.email import html, layout, quotes
from tests.integrations.email.test_quotes import HTML


def _new(markup):
    body, _quoted = quotes.split(html.to_text(markup), is_answer=True)
    return layout.new_part(markup, body)


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize("program", HTML)
def test_history_is_cut_from_the_layout(program):
    new = _new(HTML[program])
    assert html.to_text(new) == "New"


def test_layout_pictures_and_signs_stay_and_signature_goes():
    new = _new(
        "<p>See <b>this</b>! \U0001f600</p><table><tr><td>1</td></tr></table>"
        '<img src="cid:shot"><div>-- </div><div>Ann <img src="cid:logo"></div>'
    )
    assert "<b>this</b>! \U0001f600" in new
    assert "<td>1</td>" in new
    assert "cid:shot" in new
    assert "Ann" not in new
    assert "cid:logo" not in new


def test_numbers_of_lists_and_words_cut_by_tags_do_not_matter():
    new = _new("<ol><li>one<li>two</ol><p>10<sup>th</sup></p><blockquote>old</blockquote>")
    assert "10<sup>th</sup>" in new
    assert "old" not in new


@pytest.mark.parametrize(
    ("markup", "body"),
    [
        ("<p>Something else</p>", "New text"),
        ("<p>New text and more in one piece</p>", "New text"),
        ("<blockquote>old</blockquote><p>New text</p>", "New text"),
        ("<p>New</p>", "New text"),
        ("<p>New</p>", ""),
        ("", "New"),
        ("<p>New</p>" * 60_000, "New"),
    ],
)
def test_a_layout_that_does_not_say_the_same_is_none(markup, body):
    assert layout.new_part(markup, body) is None


def test_what_a_plain_part_says_of_links_and_pictures_does_not_matter():
    markup = '<p>See <a href="https://x.example/a">here</a> <img alt="x"></p><p>-- <br>Ann</p>'
    assert "here</a>" in layout.new_part(markup, "See here<https://x.example/a> [cid:1@x]")


PIECES = st.sampled_from(["<p>a b</p>", "<div>", "</div>", "c", "<br>", "<b>d</b>e", "1", "-- "])


@given(st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=5).map("".join))
def test_all_letters_of_the_new_text_are_in_its_layout(new, old):
    body = html.to_text(new)
    found = layout.new_part(new + old, body)
    if found is not None:
        assert _letters(html.to_text(found)) == _letters(body)


def _letters(text):
    return "".join(letter for letter in text if letter.isalnum())
