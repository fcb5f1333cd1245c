"""Text from HTML, for mails that bring no text of their own."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import html as lxml_html
from lxml.etree import LxmlError, iterwalk

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Larger pages are not laid out, their tags are taken away: no word of them is lost.
_LIMIT = 6_000_000
_MOST_TAGS = 50_000
# More nested quotes get no more marks: each would add to every line.
_DEEPEST_QUOTE = 6
_LONGEST_LINK = 2_000
_STYLE = ParserConfig(css=CSS_PROFILES["strict"])
_TAG = re.compile(r"<[^<>]*+>")
_UNREAD = re.compile(r"<!--|-->|<(/?)(script|style|title)\b[^<>]*+>", re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/?p|/?div|/tr|/li|/h[1-6]|/table|hr)\b[^<>]*+>", re.IGNORECASE)
# Where clients keep what they quote without quoting it by an element of its own.
_HISTORY = {
    "yahoo_quoted",
    "zmail_extra",
    "protonmail_quote",
    "tutanota_quote",
    "history_container",
}
_BORDERLESS = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|max-height\s*:\s*0(?![.\d])", re.IGNORECASE)
_SPACE = re.compile(r"\n[ \t\xa0]*\n(?:[ \t\xa0]*\n)+")


def to_text(markup: str) -> str:
    """The text of a page, quoted blocks with `> ` before each line; never raises."""
    try:
        text = None if is_too_large(markup) else _laid_out(markup)
    except (LxmlError, ValueError, RecursionError, AttributeError, KeyError, IndexError, TypeError):
        text = None
    return _SPACE.sub("\n\n", stripped(markup) if text is None else text).strip()


def is_too_large(markup: str) -> bool:
    """Whether laying the page out would take seconds."""
    return len(markup) > _LIMIT or markup.count("<") > _MOST_TAGS


def stripped(markup: str) -> str:
    """The text between the tags, for what is too large or too deep to be laid out."""
    return unescape(_TAG.sub(" ", _LINE_END.sub("\n", _readable(markup))))


def _readable(markup: str) -> str:
    """Without comments, scripts and styles; what is opened and never closed stays."""
    pieces: list[str] = []
    begin, inside, opened = 0, "", 0
    for found in _UNREAD.finditer(markup):
        name = (found[2] or "--").lower()
        closes = found[0] == "-->" or bool(found[1])
        if not inside and not closes:
            inside, opened = name, found.start()
        elif inside == name and closes:
            pieces.append(markup[begin:opened])
            begin, inside = found.end(), ""
    return " ".join([*pieces, markup[begin:]])


def parsed(markup: str) -> HtmlElement | None:
    """The tree of a page without comments and what is hidden; None when it is too deep.

    Raises LxmlError or ValueError for what is no page.
    """
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    tree = lxml_html.fromstring(markup.encode("utf-8"), parser=parser)
    if any("depth" in error.message for error in parser.error_log):
        return None
    for element in [element for element in tree.iter() if _is_hidden(element)]:
        if element is not tree:
            element.drop_tree()
    return tree


def _laid_out(markup: str) -> str | None:
    tree = parsed(markup)
    if tree is None:
        return None
    for element in list(tree.iter("a", "img")):
        _say(element)
    for block in _quotes_inside_out(tree):
        _mark(block)
    return _text(tree)


def _is_hidden(element: HtmlElement) -> bool:
    """Whether no reader shows it: the teaser that newsletters put before their text."""
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _say(element: HtmlElement) -> None:
    """Write a link's address after its words, and a smiley for its picture."""
    if element.tag == "img":
        sign = (element.get("alt") or "").strip()
        if sign and not sign.isascii() and not any(map(str.isalnum, sign)):
            element.tail = f"{sign}{element.tail or ''}"
        return
    address = (element.get("href") or "").strip()
    words = element.text_content().strip()
    shown = address.removeprefix("mailto:").partition("?")[0].removesuffix("/")
    plain = shown.removeprefix("https://").removeprefix("http://")
    is_link = address.lower().startswith(("https://", "http://", "mailto:"))
    if words and is_link and plain not in words and len(address) <= _LONGEST_LINK:
        whole = shown if address.startswith("mailto:") else address
        element.tail = f" <{whole}>{element.tail or ''}"


def _quotes_inside_out(tree: HtmlElement) -> list[HtmlElement]:
    found: list[HtmlElement] = []
    depth = 0
    blocks = ("blockquote", "div", "section")
    for event, block in iterwalk(tree, events=("start", "end"), tag=blocks):
        if not _is_quote(block):
            continue
        depth += 1 if event == "start" else -1
        if event == "end" and depth < _DEEPEST_QUOTE:
            found.append(block)
    return found


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
