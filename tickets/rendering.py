"""Text of others to safe HTML, for pages and mail alike (security.md R01, R11).

Whatever the source, the last step is one cleaning by an allow list of our own: no style, no
script, no image, no id, links to http, https and mailto only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tickets.models import BodyFormat

if TYPE_CHECKING:
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

    from tickets.models import Message

# What is beyond these is no letter: it is shown as it was typed, in linear time.
_LONGEST_MARKED = 50_000
_LONGEST_LINE = 10_000
_MOST_BRACKETS = 1_000
_MOST_LINK_SIGNS = 500
_LONGEST_HTML = 2_000_000
_DEEPEST_HTML = 3_000
_MOST_WORDS_IN_TAG = 2_000

TAGS = {
    *("p", "div", "span", "br", "hr", "blockquote", "pre", "code", "kbd", "samp"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"),
    *("a", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "mark", "small"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}
_DIRECTIONS = {"ltr", "rtl", "auto"}
# What these hold is no text for a reader.
_DROPPED_WHOLE = {
    *("script", "style", "title", "template", "noscript", "textarea", "select", "option"),
    *("svg", "math", "iframe", "object", "embed", "applet", "audio", "video", "canvas", "xmp"),
}
SCHEMES = {"http", "https", "mailto"}
# A picture within the page itself; no type that could hold a script, and none too large for one.
_WRITTEN_OUT = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/\s]{1,400000}={0,2}", re.IGNORECASE
)
# As the cleaner writes it: a value never holds a quotation mark.
_PICTURE = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_ALT = re.compile(r' alt="([^"]*)"')
_LENGTH = re.compile(r"\d{1,4}")
_REL = "noopener noreferrer nofollow"
_VOID = ("br", "hr", "img", "meta", "link", "input", "col", "wbr", "!")


def markdown_html(text: str, *, pictures: Mapping[str, str] | None = None) -> SafeString:
    """Markdown as typed, as safe HTML; raw HTML in it is shown, not obeyed.

    `pictures` are those that may stand in it, name to address; any other is a link.
    """
    if _is_unwieldy(text):
        return plain_html(text)
    if not pictures:
        return _cleaned(_markdown().render(text))
    html = _markdown_with_pictures().render(text, {"pictures": pictures})
    return SafeString(_picture_cleaner(frozenset(pictures.values())).clean(html))


def pictures_in(text: str) -> set[str]:
    """The names of the pictures that a Markdown text shows: `![words](name)`."""
    if "![" not in text or _is_unwieldy(text):
        return set()
    tokens = (
        token for block in _markdown_with_pictures().parse(text) for token in block.children or ()
    )
    return {_name_of(token) for token in tokens if token.type == "image"}


def markdown_tree(text: str) -> SyntaxTreeNode | None:
    """Markdown as the tree of its blocks; None when it is too large to be read as such."""
    return None if _is_unwieldy(text) else SyntaxTreeNode(_markdown_with_pictures().parse(text))


def plain_html(text: str) -> SafeString:
    """Plain text as paragraphs with its line breaks, web and mail addresses linked."""
    return _cleaned("".join(_paragraph(part) for part in _paragraphs(text)))


def clean_html(html: str, *, pictures: Mapping[str, str] | None = None) -> SafeString:
    """Received HTML with nothing left but structure and links; text is kept.

    `pictures` are the files that came with it, Content-ID or Content-Location to address: those
    it names stand in their place, as do small ones written into it. Nothing is fetched from
    elsewhere, so of any other picture its words are left.
    """
    html = html[:_LONGEST_HTML]
    if _is_bomb(html):
        return plain_html(_text_between_tags(html))
    if "<img" not in html.lower():
        return _cleaned(html)
    items = frozenset((pictures or {}).items())
    return SafeString(_PICTURE.sub(_words_of, _received_cleaner(items).clean(html)))


def _words_of(picture: re.Match[str]) -> str:
    """A cleaned picture, or its words where it has lost its source."""
    if ' src="' in picture[0]:
        return picture[0]
    said = _ALT.search(picture[0])
    return escape(unescape(said[1])) if said else ""


def shows(html: str, address: str) -> bool:
    """Whether the picture at an address stands in cleaned HTML."""
    return f'src="{escape(address)}"' in html


def message_html(message: Message, *, pictures: Mapping[str, str] | None = None) -> SafeString:
    """The new text of a message, by its own format; `pictures` as for Markdown."""
    if message.format == BodyFormat.MARKDOWN:
        return markdown_html(message.body, pictures=pictures)
    return plain_html(message.body)


def _cleaned(html: str) -> SafeString:
    return SafeString(_cleaner().clean(html))


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=ATTRIBUTES,
        tag_attribute_values={tag: {"dir": _DIRECTIONS} for tag in ("p", "div", "span", "td")},
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel=_REL,
    )


@cache
def _markdown() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
        .enable(["linkify", "strikethrough", "table"])
        # A picture would be fetched from elsewhere when the page is opened.
        .disable("image")
    )


@cache
def _markdown_with_pictures() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    reader.enable(["linkify", "strikethrough", "table"])
    reader.add_render_rule("image", _picture)
    return reader


def _picture(
    _renderer: RendererProtocol,
    tokens: Sequence[Token],
    at: int,
    _options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[at]
    source = env["pictures"].get(_name_of(token))
    if source:
        return f'<img src="{escape(source)}" alt="{escape(token.content)}">'
    return f'!<a href="{escape(str(token.attrs["src"]))}">{escape(token.content)}</a>'


def _name_of(picture: Token) -> str:
    """The file's name as it was typed: an address in Markdown is percent-encoded when read."""
    return unquote(str(picture.attrs["src"]))


@lru_cache(maxsize=64)
def _picture_cleaner(sources: frozenset[str]) -> nh3.Cleaner:
    """As for pages, and pictures from these addresses alone."""

    def known(tag: str, name: str, value: str) -> str | None:
        if tag == "img":
            return value if name == "alt" or value in sources else None
        return value if name != "href" or urlsplit(value).scheme in SCHEMES else None

    return nh3.Cleaner(
        tags=TAGS | {"img"},
        clean_content_tags=_DROPPED_WHOLE,
        attributes={**ATTRIBUTES, "img": {"src", "alt"}},
        attribute_filter=known,
        tag_attribute_values={tag: {"dir": _DIRECTIONS} for tag in ("p", "div", "span", "td")},
        url_schemes=SCHEMES | {"cid"},
        link_rel=_REL,
    )


@lru_cache(maxsize=64)
def _received_cleaner(pictures: frozenset[tuple[str, str]]) -> nh3.Cleaner:
    """As for pages, with the pictures a mail brought along."""
    addresses = dict(pictures)

    def known(tag: str, name: str, value: str) -> str | None:
        if tag != "img":
            return value if name != "href" or urlsplit(value).scheme in SCHEMES else None
        if name == "src":
            return _source(value.strip(), addresses)
        return value if name == "alt" or _LENGTH.fullmatch(value) else None

    return nh3.Cleaner(
        tags=TAGS | {"img"},
        clean_content_tags=_DROPPED_WHOLE,
        attributes={**ATTRIBUTES, "img": {"src", "alt", "width", "height"}},
        attribute_filter=known,
        tag_attribute_values={tag: {"dir": _DIRECTIONS} for tag in ("p", "div", "span", "td")},
        url_schemes=SCHEMES | {"cid", "data"},
        link_rel=_REL,
    )


def _source(said: str, addresses: Mapping[str, str]) -> str | None:
    """Where a picture of a received page is, by RFC 2392 or RFC 2557; None for one elsewhere."""
    if said[:4].lower() == "cid:":
        return addresses.get(unquote(said[4:]).strip("<>"))
    return said if _WRITTEN_OUT.fullmatch(said) else addresses.get(said)


@cache
def _linker() -> MarkdownIt:
    """Links and line breaks alone; every other mark is a letter."""
    return MarkdownIt("zero", {"html": False, "linkify": True, "breaks": True}).enable(
        ["linkify", "newline", "text_join"]
    )


def _is_unwieldy(text: str) -> bool:
    signs = text.count("://") + text.count("@") + text.count("www.")
    return (
        len(text) > _LONGEST_MARKED
        or signs > _MOST_LINK_SIGNS
        or text.count("[") > _MOST_BRACKETS
        or any(len(line) > _LONGEST_LINE for line in text.splitlines())
    )


def _paragraphs(text: str) -> list[str]:
    lines = "\n".join(_kept_indent(line.rstrip()) for line in text.splitlines())
    return [part.strip("\n") for part in lines.split("\n\n") if part.strip()]


def _kept_indent(line: str) -> str:
    words = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(words)) + words


def _paragraph(text: str) -> str:
    if _is_unwieldy(text):
        return f"<p>{escape(text).replace(chr(10), '<br>')}</p>"
    return f"<p>{_linker().renderInline(text)}</p>"


def _is_bomb(html: str) -> bool:
    """Whether the cleaner would need time out of proportion: tags too deep or too long."""
    depth = 0
    for piece in html.split("<")[1:]:
        if piece.startswith("/"):
            depth -= 1
        elif not piece.lower().startswith(_VOID):
            depth += 1
        too_long = len(piece.partition(">")[0].split()) > _MOST_WORDS_IN_TAG
        if depth > _DEEPEST_HTML or too_long:
            return True
    return False


def _text_between_tags(html: str) -> str:
    return unescape("".join(piece.partition(">")[2] for piece in f">{html}".split("<")))
