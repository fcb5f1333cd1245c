"""Placeholders: a flat list, replaced once, by nothing that could run (security.md S02)."""

import pytest

from tickets import placeholders, rendering

VALUES = {"ticket.number": "7", "customer.name": "{{ticket.number}}"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("#{{ticket.number}}!", "#7!"),
        ("{{ ticket.number }}", "7"),
        ("{{ticket.number}}{{ticket.number}}", "77"),
        ("{{{ticket.number}}}", "{7}"),
    ],
)
def test_what_is_known_is_replaced(typed, said):
    assert placeholders.expand(typed, VALUES) == said


@pytest.mark.parametrize(
    "typed",
    [
        "{{ticket.__class__}}",
        "{{ticket.number.__class__.__mro__}}",
        "{{ticket}}",
        "{{settings.SECRET_KEY}}",
        "{% load i18n %}{% debug %}",
        "{{ticket.number|safe}}",
        "{{ticket.number\n}}",
        "{ticket.number} %(ticket)s ${ticket.number} {0.__class__}",
        "{{TICKET.NUMBER}}",
        "{{",
        "}}",
    ],
)
def test_everything_else_is_text(typed):
    assert placeholders.expand(typed, VALUES) == typed


def test_what_a_customer_wrote_is_never_expanded():
    assert placeholders.expand("Hello {{customer.name}}", VALUES) == "Hello {{ticket.number}}"


def test_an_unknown_name_is_told_with_the_closest_one():
    found = placeholders.unknown("{{tickt.number}} {{ticket.number}} {{x y}}", VALUES)
    assert list(found) == [("tickt.number", "ticket.number"), ("x y", "")]


def test_a_text_is_cut_where_the_answer_stands():
    assert placeholders.cut_at("a {{reply.text}} b", "reply.text") == ("a ", " b")
    for wrong in ["none", "{{reply.text}}{{reply.text}}"]:
        with pytest.raises(ValueError, match="not once"):
            placeholders.cut_at(wrong, "reply.text")


@pytest.mark.parametrize(
    "value",
    [
        "[click](http://evil.example)",
        "http://evil.example",
        "**bold** `code` # no heading",
        "line\n\n# heading",
        "<b>x</b> &amp; www.evil.example a@evil.example",
    ],
)
def test_somebodys_words_mean_nothing_in_markdown(value):
    html = rendering.markdown_html(f"Hello {placeholders.as_words(value)}")
    assert html.count("<") == 2
    assert html.startswith("<p>Hello ")
