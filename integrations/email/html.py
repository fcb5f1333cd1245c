"""Text from HTML, for mails that bring no text of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import html as lxml_html
from lxml.etree import LxmlError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Larger pages are cut before they are turned into text; the HTML itself is kept whole.
_LIMIT = 2_000_000
_STYLE = ParserConfig(css=CSS_PROFILES["strict"])
_TAG = re.compile(r"<[^<>]*+>")
# Where clients keep what they quote without quoting it by an element of its own.
_HISTORY = {
    "yahoo_quoted",
    "zmail_extra",
    "protonmail_quote",
    "tutanota_quote",
    "history_container",
}
_BORDERLESS = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)
_SPACE = re.compile(r"\n[ \t\xa0]*\n(?:[ \t\xa0]*\n)+")


def to_text(markup: str) -> str:
    """The text of a page, quoted blocks with `> ` before each line; never raises."""
    markup = markup[:_LIMIT]
    try:
        tree = lxml_html.fromstring(markup.encode("utf-8"), parser=_parser())
        for block in _quotes_inside_out(tree):
            _mark(block)
        text = _text(tree)
    except (LxmlError, ValueError, RecursionError, AttributeError, KeyError, IndexError, TypeError):
        text = _TAG.sub(" ", markup)
    return _SPACE.sub("\n\n", text).strip()


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)


def _quotes_inside_out(tree: HtmlElement) -> list[HtmlElement]:
    blocks = (block for block in tree.iter("blockquote", "div", "section") if _is_quote(block))
    return list(reversed(list(blocks)))


def _is_quote(block: HtmlElement) -> bool:
    """Whether a block is what somebody said before; one that Gmail only indents is not."""
    classes = {name.removeprefix("x_") for name in (block.get("class") or "").split()}
    if block.tag != "blockquote":
        return not classes.isdisjoint(_HISTORY) and next(block.iter("blockquote"), None) is None
    is_indent = not classes and block.get("type") is None and block.get("cite") is None
    return not (is_indent and _BORDERLESS.search(block.get("style") or ""))


def _mark(block: HtmlElement) -> None:
    """Replace a quoted block by its lines as mail clients quote them."""
    tail, block.tail = block.tail, None
    lines = _SPACE.sub("\n\n", _text(block)).strip().split("\n")
    for child in list(block):
        block.remove(child)
    block.tag = "pre"
    block.attrib.clear()
    block.text = "\n".join(f"> {line}".rstrip() for line in lines)
    block.tail = tail


def _text(tree: HtmlElement) -> str:
    return str(Inscriptis(tree, _STYLE).get_text())
