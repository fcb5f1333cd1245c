"""The two bodies of an outgoing mail: text that reads by itself, and HTML for mail programs.

Outlook lays out with Word, Gmail drops most of style sheets and cuts off what is longer than
102 kB, Apple Mail and others turn dark: so the looks stand on each element, the ground and the
text keep the reader's own colours, and the style sheet only refines what works without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import nh3
import structlog
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integrations.email import colours, plain
from integrations.email.headers import clean
from integrations.email.letter import TEMPLATES
from integrations.models import Picture
from tickets import rendering
from tickets.models import BodyFormat, Message

if TYPE_CHECKING:
    from integrations.email.letter import Letter

log = structlog.get_logger(__name__)

# Grey that reads on white; the style sheet lightens it where a program is dark.
_QUIET = "#57606a"
# Half see-through greys suit any ground; Outlook shows none of it, and needs none.
_SHADE, _LINE = "rgba(128,128,128,.14)", "#9aa0a6"
_FIXED = "font-family:Consolas,Menlo,monospace"
_CODE = f"{_FIXED};font-size:90%;background:{_SHADE};word-break:break-word"
# In a block of code the block has the ground already.
_IN_BLOCK = re.compile(r'(<pre [^>]*>)<code style="[^"]*">')
_CELL = f"border:1px solid {_LINE};padding:4px 8px;text-align:start;vertical-align:top"
_STYLES = {
    "p": "margin:0 0 1em",
    "ul": "margin:0 0 1em;padding-inline-start:24px",
    "ol": "margin:0 0 1em;padding-inline-start:24px",
    "blockquote": (
        f"border-inline-start:3px solid {_LINE};margin:0 0 1em;padding:0 12px;color:{_QUIET}"
    ),
    "pre": f"{_CODE};padding:10px;margin:0 0 1em;white-space:pre-wrap",
    "code": _CODE,
    "table": "border-collapse:collapse;margin:0 0 1em",
    "th": _CELL,
    "td": _CELL,
    "hr": f"border:0;border-top:1px solid {_LINE};margin:1em 0",
    "img": "max-width:100%;height:auto;border:0",
    "h1": "font-size:1.4em;line-height:1.3;margin:0 0 .6em",
    "h2": "font-size:1.2em;line-height:1.3;margin:0 0 .6em",
    "h3": "font-size:1.05em;line-height:1.3;margin:0 0 .6em",
}
_OWN_DIRECTION = ("p", "ul", "ol", "li", "blockquote", "td", "th", "h1", "h2", "h3")
# Below the 102 kB at which Gmail cuts a mail off.
_LONGEST_HTML = 100_000
_LONGEST_QUOTE = 8_000
LOGO_NAME = "logo"
_LOGO_WIDTH, _LOGO_HEIGHT = 220, 64


def text(letter: Letter) -> str:
    """The plain part: Markdown as it reads by itself, the signature below its mark."""
    with translation.override(letter.language):
        parts = [plain.text_of(part) for part in _said(letter)]
        parts += [plain.quoted(letter.quoted)] if letter.quoted else []
        return _rendered(
            letter,
            "message.txt",
            body=SafeString("\n\n".join(parts)),
            signature=SafeString(plain.text_of(letter.signature)),
            earlier=[_quoted_text(message) for message in _earlier(letter)],
        )


def html(letter: Letter, *, pictures: Mapping[str, str] | None = None) -> str:
    """The HTML part, safe by the same rules as pages.

    `pictures` are the addresses (cid: or data:) of those that go along, by name; `LOGO_NAME` is
    the logo's. What would be cut off by the reader's program is left out or laid out plainly.
    """
    with translation.override(letter.language):
        whole = _html(letter, pictures or {})
        if _is_long(whole) and letter.earlier:
            letter = replace(letter, earlier=())
            whole = _html(letter, pictures or {})
        return _html(letter, pictures or {}, is_plain=True) if _is_long(whole) else whole


def bare_html(letter: Letter) -> str:
    """The text alone, for when the proper layout fails: better plain than not at all."""
    parts = [*_said(letter), letter.quoted, letter.signature]
    return f'<!doctype html><meta charset="utf-8">{"".join(map(rendering.plain_html, parts))}'


def as_in_the_dark(html: str) -> str:
    """The same mail as a program in dark colours shows it; for previews alone."""
    dark = html.replace("(prefers-color-scheme:dark)", "all")
    return dark.replace("<head>", "<head><style>html{background:#1c1c1e;color:#f2f2f7}</style>")


def _is_long(html: str) -> bool:
    return len(html.encode()) > _LONGEST_HTML


def _html(letter: Letter, pictures: Mapping[str, str], *, is_plain: bool = False) -> str:
    accent = letter.look.accent if colours.is_colour(letter.look.accent) else ""
    link = accent or colours.LINK

    def laid_out(html: str) -> SafeString:
        if is_plain:
            return SafeString(html)
        styled = _styler(link).clean(html)
        return SafeString(_IN_BLOCK.sub(rf'\1<code style="{_FIXED}">', styled))

    files = {name: source for name, source in pictures.items() if name != LOGO_NAME}
    parts = [laid_out(rendering.markdown_html(part, pictures=files)) for part in _said(letter)]
    if letter.quoted:
        quoted = format_html("<blockquote>{}</blockquote>", rendering.plain_html(letter.quoted))
        parts.append(laid_out(quoted))
    return _rendered(
        letter,
        "message.html",
        body=SafeString("\n".join(parts)),
        signature=laid_out(rendering.markdown_html(letter.signature)),
        earlier=[laid_out(_quoted_html(message)) for message in _earlier(letter)],
        direction=_direction(letter.language),
        logo=_logo(letter, pictures.get(LOGO_NAME, "")),
        accent=accent,
        link_in_the_dark=colours.in_the_dark(link),
    )


def _said(letter: Letter) -> list[str]:
    """Each on its own, so that an open quote or code block of one ends with it."""
    return [part for part in (letter.opening, letter.body, letter.closing) if part.strip()]


def _rendered(letter: Letter, name: str, **parts: object) -> str:
    context = {"letter": letter, "subject": clean(letter.subject), **parts}
    try:
        return render_to_string(f"{letter.templates}/{name}", context)
    except TemplateDoesNotExist:
        # The layout it was written for is gone; better in another one than not at all.
        log.exception("letter_layout_missing", templates=letter.templates)
        return render_to_string(f"{TEMPLATES}/{name}", context)


def _direction(language: str) -> str:
    try:
        return "rtl" if translation.get_language_info(language)["bidi"] else "ltr"
    except KeyError:
        return "ltr"


def _logo(letter: Letter, source: str) -> dict[str, object] | None:
    if not (source and letter.look.logo):
        return None
    picture = Picture.objects.filter(pk=letter.look.logo).first()
    if picture is None:
        return None
    scale = min(1, _LOGO_WIDTH / picture.width, _LOGO_HEIGHT / picture.height)
    return {
        "source": SafeString(source),
        "words": letter.look.logo_text,
        "width": max(1, round(picture.width * scale)),
        "height": max(1, round(picture.height * scale)),
    }


def _earlier(letter: Letter) -> list[Message]:
    """The messages quoted below, in the order they are named."""
    found = Message.objects.select_related("author").in_bulk(list(letter.earlier))
    return [found[pk] for pk in letter.earlier if pk in found]


def _who_wrote(message: Message) -> str:
    return _("On %(date)s at %(time)s UTC, %(name)s wrote:") % {
        "date": date_format(message.occurred_at, "DATE_FORMAT"),
        "time": date_format(message.occurred_at, "H:i"),
        "name": message.author,
    }


def _quoted_text(message: Message) -> SafeString:
    body = _bounded(message.body)
    words = plain.text_of(body) if message.format == BodyFormat.MARKDOWN else body.strip()
    return SafeString(f"{_who_wrote(message)}\n{plain.quoted(words)}")


def _quoted_html(message: Message) -> SafeString:
    body = _bounded(message.body)
    is_markdown = message.format == BodyFormat.MARKDOWN
    safe = rendering.markdown_html(body) if is_markdown else rendering.plain_html(body)
    return format_html("<p>{}</p><blockquote>{}</blockquote>", _who_wrote(message), safe)


def _bounded(body: str) -> str:
    return body if len(body) <= _LONGEST_QUOTE else f"{body[:_LONGEST_QUOTE]} […]"


@lru_cache(maxsize=64)
def _styler(link: str) -> nh3.Cleaner:
    """Puts the looks on each element; `link` is the colour of links."""
    link_style = f"color:{link};text-decoration:underline;word-break:break-word"
    looks = {tag: {"style": style} for tag, style in (_STYLES | {"a": link_style}).items()}
    for tag in _OWN_DIRECTION:
        looks.setdefault(tag, {})["dir"] = "auto"
    looks["blockquote"]["class"] = "quiet"
    return nh3.Cleaner(
        tags=rendering.TAGS | {"img"},
        attributes={**rendering.ATTRIBUTES, "img": {"src", "alt"}},
        set_tag_attribute_values=looks,
        url_schemes=rendering.SCHEMES | {"cid", "data"},
        link_rel=None,
    )
