"""The sender's own layout of the new text alone, for a reader.

Text decides what is new (`quotes`); here its letters are followed through the HTML, and the
page is cut before the first that is not among them, so pictures and signs stay. Where the two do
not say the same there is no such layout, so nothing new is ever hidden by it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import html as lxml_html
from lxml.etree import LxmlError, iterwalk

from integrations.email import html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

# A page shows many messages: larger ones are shown as text.
_LIMIT = 300_000
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d*")
# What a plain part says of links and pictures, and HTML does not.
_BESIDE = re.compile(
    r"<[^<>\s]{0,2000}>|\[(?:cid|image|https?):[^\[\]]{0,2000}\]|^[ \t]*>+", re.MULTILINE
)


def new_part(markup: str, body: str) -> str | None:
    """The HTML that says `body` and no more; None when it does not begin with its words."""
    letters = _letters(_BESIDE.sub(" ", body))
    if not letters or len(markup) > _LIMIT or html.is_too_large(markup):
        return None
    try:
        tree = html.parsed(markup)
        if tree is None or not _is_cut(tree, letters):
            return None
    except (LxmlError, ValueError):
        return None
    return str(lxml_html.tostring(tree, encoding="unicode"))


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text))


def _is_cut(tree: HtmlElement, letters: str) -> bool:
    """Take away what follows the letters; whether they are how the page begins."""
    said = 0
    for element, is_tail, text in _texts(tree):
        found = _letters(text)
        if said == len(letters):
            if not found and not _is_rule(text):
                continue
            _cut_before(element, is_tail=is_tail)
            return True
        if not letters.startswith(found, said):
            # The numbers of a list are not in its HTML.
            number = _NUMBER.match(letters, said)
            said = number.end() if number else said
        if not letters.startswith(found, said):
            return False
        said += len(found)
    return said == len(letters)


def _is_rule(text: str) -> bool:
    """Whether a piece is the mark of a signature or a rule."""
    return bool(text.strip()) and not text.strip(" \xa0\r\n-_—–")


def _texts(tree: HtmlElement) -> Iterator[tuple[HtmlElement, bool, str]]:
    """All pieces of text in their order that a reader sees."""
    for event, element in iterwalk(tree, events=("start", "end")):
        if event == "end":
            if element is not tree and element.tail:
                yield element, True, element.tail
        elif element.text and element.tag not in {"style", "script", "title"}:
            yield element, False, element.text


def _cut_before(element: HtmlElement, *, is_tail: bool) -> None:
    """Take away a piece of text and everything behind it."""
    if not is_tail:
        element.text = None
        for child in list(element):
            element.remove(child)
    element.tail = None
    while (parent := element.getparent()) is not None:
        for following in list(element.itersiblings()):
            parent.remove(following)
        # An empty box would still show its border.
        if not is_tail and not len(element) and not (element.text or "").strip():
            parent.remove(element)
        is_tail = is_tail or element.getparent() is not None
        parent.tail = None
        element = parent
