"""The two bodies of an outgoing mail: text as typed, and HTML that mail programs show well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nh3
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from integrations.email import plain
from tickets import rendering

if TYPE_CHECKING:
    from integrations.email.letter import Letter

# Mail programs drop style sheets, so the few looks there are stand on each element.
_QUIET = "border-left:3px solid #d0d4da;margin:0 0 1em;padding:0 0 0 12px;color:#57606a"
_CODE = "font-family:Consolas,Menlo,monospace;font-size:90%;background:#f3f4f6"
_CELL = "border:1px solid #d0d4da;padding:4px 8px;text-align:left"
_STYLES = {
    "p": "margin:0 0 1em",
    "ul": "margin:0 0 1em;padding-left:24px",
    "ol": "margin:0 0 1em;padding-left:24px",
    "blockquote": _QUIET,
    "pre": f"{_CODE};padding:10px;margin:0 0 1em;white-space:pre-wrap",
    "code": _CODE,
    "table": "border-collapse:collapse;margin:0 0 1em",
    "th": _CELL,
    "td": _CELL,
    "a": "color:#0b57d0",
}


def text(letter: Letter) -> str:
    """The plain part: Markdown as it reads by itself, the signature below its mark."""
    parts = [plain.text_of(part) for part in _said(letter)]
    return _rendered(
        letter,
        "message.txt",
        body=SafeString("\n\n".join(parts)),
        signature=SafeString(plain.text_of(letter.signature)),
    )


def html(letter: Letter) -> str:
    """The HTML part: safe by the same rules as pages."""
    parts = [_styled(rendering.markdown_html(part)) for part in _said(letter)]
    return _rendered(
        letter,
        "message.html",
        body=SafeString("\n".join(parts)),
        signature=_styled(rendering.markdown_html(letter.signature)),
    )


def as_in_the_dark(html: str) -> str:
    """The same mail as a program in dark colours shows it; for previews alone."""
    dark = html.replace("(prefers-color-scheme:dark)", "all")
    return dark.replace("<head>", "<head><style>html{background:#1c1c1e;color:#f2f2f7}</style>")


def _said(letter: Letter) -> list[str]:
    """Each on its own, so that an open quote or code block of one ends with it."""
    return [part for part in (letter.opening, letter.body, letter.closing) if part.strip()]


def _rendered(letter: Letter, name: str, **parts: SafeString) -> str:
    with translation.override(letter.language):
        return render_to_string(f"{letter.templates}/{name}", {"letter": letter, **parts})


def _styled(html: SafeString) -> SafeString:
    return SafeString(_styler.clean(html))


_styler = nh3.Cleaner(
    tags=rendering.TAGS,
    attributes={**rendering.ATTRIBUTES, **{tag: {"style"} for tag in _STYLES}},
    set_tag_attribute_values={tag: {"style": style} for tag, style in _STYLES.items()},
    url_schemes=rendering.SCHEMES,
    link_rel=None,
)
